import type { Failure } from './Failure';

const CHECK_THE_CREDENTIAL = "Check the Base URL of the 'AI Dispatch API' credential";

/** Words for a sidecar that gave no answer at all, by the error code of the connection. */
export function wordSilence(
	code: string,
	cause: string,
	baseUrl: string,
	waitedS: number,
): Failure {
	switch (code) {
		case 'ECONNREFUSED':
		case 'EHOSTUNREACH':
			return failure(
				'unreachable',
				`Nothing answers at ${baseUrl}: is the AI Dispatch sidecar running?`,
				"Start it with `ai-dispatch serve`. When n8n runs in Docker, localhost is n8n's own container: put the service name of the sidecar in the credential, for example http://ai-dispatch:3000.",
			);
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
			return failure(
				'unreachable',
				`The host in ${baseUrl} is unknown`,
				`${CHECK_THE_CREDENTIAL}. In Docker it is the service name of the sidecar, and both containers must share a network.`,
			);
		case 'ECONNABORTED':
		case 'ETIMEDOUT':
			return failure(
				'no_answer',
				`AI Dispatch gave no answer within ${waitedS} s`,
				'It answers much sooner, so it or the way to it hangs. Its log says more.',
			);
		case 'ECONNRESET':
		case 'EPIPE':
			return failure(
				'connection_lost',
				'AI Dispatch closed the connection before it answered',
				'If it was restarted meanwhile, trying again helps; if not, its log says what happened.',
			);
		case 'ERR_CANCELED':
			return failure('stopped', 'The execution was stopped before AI Dispatch answered');
		default:
			return failure(
				'unreachable',
				`The connection to AI Dispatch at ${baseUrl} failed: ${cause}`,
				`${CHECK_THE_CREDENTIAL} and the network in between.`,
			);
	}
}

function failure(code: string, message: string, description = ''): Failure {
	return { message, description, details: { code, retryable: code !== 'stopped', origin: 'n8n' } };
}
