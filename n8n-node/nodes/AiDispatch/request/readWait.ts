import { UserError } from 'n8n-workflow';

/** The longest the sidecar holds a question open. */
const LONGEST_S = 25;

/** Seconds to wait for the end of a job; more than the sidecar grants is cut. */
export function readWait(value: unknown): number {
	const seconds = Number(value ?? 0);
	if (seconds >= 0) return Math.min(LONGEST_S, seconds);
	throw new UserError("'Wait' is not a number of seconds", {
		description: 'Give 0 to ask how far the job is, or up to 25 to wait for its end.',
	});
}
