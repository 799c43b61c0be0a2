import type { IDataObject } from 'n8n-workflow';

import type { Failure } from './Failure';

const WHERE_THE_TOKEN_IS =
	"Check the Token of the 'AI Dispatch API' credential: the sidecar prints it when it starts and keeps it in the file dispatch.token of its data folder.";

/** The sidecar's own words for an answer that is an error, and what to do next. */
export function wordRefusal(status: number, body: unknown, baseUrl: string): Failure {
	const { message, ...details } = errorOf(body);
	if (typeof message !== 'string' || message === '') return wordStranger(status, baseUrl);
	return { message, description: advise(status, details), details };
}

function errorOf(body: unknown): IDataObject {
	const error = (body as { error?: unknown } | null)?.error;
	if (typeof error !== 'object' || error === null) return {};
	return Object.fromEntries(Object.entries(error).filter(([, value]) => value !== null));
}

function advise(status: number, details: IDataObject): string {
	const advice = [];
	if (status === 401) advice.push(WHERE_THE_TOKEN_IS);
	if (details.retryable === true)
		advice.push(`Trying again ${when(details.retry_after_s)} may help.`);
	if (details.dispatch_id) advice.push(`Dispatch ${String(details.dispatch_id)}.`);
	return advice.join(' ');
}

function when(seconds: IDataObject[string]): string {
	return typeof seconds === 'number' ? `in ${Math.ceil(seconds)} s` : 'later';
}

function wordStranger(status: number, baseUrl: string): Failure {
	return {
		message: `${baseUrl} answered with HTTP ${status}, but not as AI Dispatch does`,
		description:
			"Check the Base URL of the 'AI Dispatch API' credential: another program, or a proxy in between, seems to answer there.",
		details: { code: 'not_ai_dispatch', retryable: false, origin: 'n8n' },
	};
}
