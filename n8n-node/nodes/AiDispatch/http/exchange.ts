import { connectionCode } from '../failure/connectionCode';
import type { Failure } from '../failure/Failure';
import { wordCredential } from '../failure/wordCredential';
import { wordSilence } from '../failure/wordSilence';
import { baseUrlOf } from './baseUrlOf';
import type { Call } from './Call';
import type { Caller } from './Caller';
import type { Response } from './Response';

/** What the sidecar at `baseUrl` answered to one call, or why nobody did, in our words. */
export async function exchange(
	context: Caller,
	call: Call,
): Promise<{ response: Response; baseUrl: string } | { failure: Failure }> {
	let baseUrl = '';
	try {
		const credential = await context.getCredentials<{ baseUrl: string }>('aiDispatchApi');
		baseUrl = baseUrlOf(credential.baseUrl);
	} catch (error) {
		return { failure: wordCredential(error as Error) };
	}
	try {
		const response = (await context.helpers.httpRequestWithAuthentication.call(
			context,
			'aiDispatchApi',
			{
				method: call.method,
				url: baseUrl + call.path,
				headers: call.headers,
				body: call.body,
				json: true,
				...(call.isStream ? { encoding: 'stream' } : {}),
				timeout: Math.ceil(call.waitS * 1000),
				// Errors are read by whoever asked: of one thrown by the helper, n8n shows a general remark before the reason.
				ignoreHttpStatusErrors: true,
				returnFullResponse: true,
				// The sidecar never redirects, and the token is for nobody else.
				disableFollowRedirect: true,
			},
		)) as Response;
		return { response, baseUrl };
	} catch (error) {
		const cause = (error as Error).message;
		return { failure: wordSilence(connectionCode(error), cause, baseUrl, call.waitS) };
	}
}
