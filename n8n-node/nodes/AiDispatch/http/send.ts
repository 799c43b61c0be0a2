import type { IExecuteFunctions, ILoadOptionsFunctions } from 'n8n-workflow';

import { baseUrlOf } from './baseUrlOf';
import type { Answer } from './Answer';
import type { Call } from './Call';
import { connectionCode } from '../failure/connectionCode';
import { wordCredential } from '../failure/wordCredential';
import { wordRefusal } from '../failure/wordRefusal';
import { wordSilence } from '../failure/wordSilence';

interface Response {
	statusCode: number;
	body: unknown;
}

/** The sidecar's answer to one call; a failure in the sidecar's words when it refuses, in ours when it is silent. */
export async function send<Reply extends object>(
	context: IExecuteFunctions | ILoadOptionsFunctions,
	call: Call,
): Promise<Answer<Reply>> {
	let base = '';
	try {
		const { baseUrl } = await context.getCredentials<{ baseUrl: string }>('aiDispatchApi');
		base = baseUrlOf(baseUrl);
	} catch (error) {
		return { failure: wordCredential(error as Error) };
	}
	let response: Response;
	try {
		response = (await context.helpers.httpRequestWithAuthentication.call(context, 'aiDispatchApi', {
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
		})) as Response;
	} catch (error) {
		const cause = (error as Error).message;
		return { failure: wordSilence(connectionCode(error), cause, base, call.waitS) };
	}
	const { statusCode: status, body } = response;
	if (status < 300 && isReply<Reply>(body, call.proof)) return { reply: body };
	return { failure: wordRefusal(status, body, base) };
}

function isReply<Reply extends object>(body: unknown, proof: string): body is Reply {
	return typeof body === 'object' && body !== null && proof in body;
}
