import type { Failure } from './Failure';

/** Words for a credential that is missing or cannot be used: those of whoever found out. */
export function wordCredential(error: Error & { description?: unknown }): Failure {
	return {
		message: error.message,
		description: typeof error.description === 'string' ? error.description : '',
		details: { code: 'bad_credential', retryable: false, origin: 'n8n' },
	};
}
