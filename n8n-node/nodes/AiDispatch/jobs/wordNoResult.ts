import type { Failure } from '../failure/Failure';

/** Words for a job whose time is long up and of which the sidecar said nothing. */
export function wordNoResult(timeoutS: number): Failure {
	return {
		message: `AI Dispatch said nothing about this item, though its ${timeoutS} s are over`,
		description: 'It ends a job in time and says so, so it seems to hang. Its log says more.',
		details: { code: 'no_result', retryable: true, origin: 'n8n' },
	};
}
