import { UserError } from 'n8n-workflow';

const USUAL_S = 300;

/** How many seconds one call may take. */
export function timeoutOf(written: unknown): number {
	if (written === undefined || written === null || written === '') return USUAL_S;
	const seconds = Number(written);
	if (seconds > 0 && Number.isFinite(seconds)) return seconds;
	throw new UserError("'Timeout' is not a number of seconds", {
		description: 'Give a number greater than 0, such as 300.',
	});
}
