import type {
	IDataObject,
	IExecuteFunctions,
	IHttpRequestMethods,
	ILoadOptionsFunctions,
} from 'n8n-workflow';

import { baseUrlOf } from './baseUrlOf';
import { apiError } from './failure/apiError';
import { connectionCode } from './failure/connectionCode';
import { wordRefusal } from './failure/wordRefusal';
import { wordSilence } from './failure/wordSilence';

interface Call {
	method: IHttpRequestMethods;
	path: string;
	body?: IDataObject;
	/** How long to wait for the answer. Always said: on its own n8n gives up after 300 s. */
	waitS: number;
	/** A field that every good answer has: without it, somebody else answered. */
	proof: string;
	itemIndex?: number;
}

interface Answer {
	statusCode: number;
	body: unknown;
}

/** The sidecar's answer to one call; a NodeApiError in the sidecar's words when it refuses, in ours when it is silent. */
export async function ask<Reply extends object>(
	context: IExecuteFunctions | ILoadOptionsFunctions,
	call: Call,
): Promise<Reply> {
	const { itemIndex } = call;
	const { baseUrl } = await context.getCredentials<{ baseUrl: string }>('aiDispatchApi', itemIndex);
	const base = baseUrlOf(baseUrl);
	let answer: Answer;
	try {
		answer = (await context.helpers.httpRequestWithAuthentication.call(context, 'aiDispatchApi', {
			method: call.method,
			url: base + call.path,
			body: call.body,
			json: true,
			timeout: Math.ceil(call.waitS * 1000),
			// Errors are read below: of one thrown by the helper, n8n shows a general remark before the reason.
			ignoreHttpStatusErrors: true,
			returnFullResponse: true,
			// The sidecar never redirects, and the token is for nobody else.
			disableFollowRedirect: true,
		})) as Answer;
	} catch (error) {
		const silence = wordSilence(connectionCode(error), (error as Error).message, base, call.waitS);
		throw apiError(silence, context.getNode(), { itemIndex });
	}
	const { statusCode: status, body } = answer;
	if (status < 300 && isReply<Reply>(body, call.proof)) return body;
	throw apiError(wordRefusal(status, body, base), context.getNode(), { itemIndex, status });
}

function isReply<Reply extends object>(body: unknown, proof: string): body is Reply {
	return typeof body === 'object' && body !== null && proof in body;
}
