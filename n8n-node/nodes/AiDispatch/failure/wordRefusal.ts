import type { IDataObject } from 'n8n-workflow';

import type { Failure } from './Failure';
import { wordError } from './wordError';

const WHERE_THE_TOKEN_IS =
	"Check the Token of the 'AI Dispatch API' credential: the sidecar prints it when it starts and keeps it in the file dispatch.token of its data folder.";

/** The sidecar's own words for an answer that is an error, and what to do next. */
export function wordRefusal(status: number, body: unknown, baseUrl: string): Failure {
	const failure = wordError((body as { error?: unknown } | null)?.error);
	if (failure === undefined) return { ...wordStranger(status, baseUrl), status };
	if (failure.details.code === 'route_not_found') return { ...wordTooOld(baseUrl), status };
	const description =
		status === 401 ? `${WHERE_THE_TOKEN_IS} ${failure.description}`.trim() : failure.description;
	return { ...failure, description, status };
}

function wordStranger(status: number, baseUrl: string): Failure {
	return {
		message: `${baseUrl} answered with HTTP ${status}, but not as AI Dispatch does`,
		description:
			"Check the Base URL of the 'AI Dispatch API' credential: another program, or a proxy in between, seems to answer there.",
		details: blame('not_ai_dispatch'),
	};
}

function wordTooOld(baseUrl: string): Failure {
	return {
		message: `The AI Dispatch sidecar at ${baseUrl} is older than this node and must be updated`,
		description:
			'This sidecar does not know yet what the node asks it for. Update the sidecar to the version the node came with.',
		details: blame('sidecar_too_old'),
	};
}

function blame(code: string): IDataObject {
	return { code, retryable: false, origin: 'n8n' };
}
