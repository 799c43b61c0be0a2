import { wordRefusal } from '../failure/wordRefusal';
import type { Answer } from './Answer';
import type { Call } from './Call';
import type { Caller } from './Caller';
import { exchange } from './exchange';

/** The sidecar's answer to one call; a failure in the sidecar's words when it refuses, in ours when it is silent. */
export async function send<Reply extends object>(
	context: Caller,
	call: Call,
): Promise<Answer<Reply>> {
	const exchanged = await exchange(context, call);
	if ('failure' in exchanged) return exchanged;
	const { statusCode: status, body, headers } = exchanged.response;
	const isGood = status < 300 || status === call.alsoGood;
	if (isGood && isReply<Reply>(body, call.proof)) return { reply: body, headers };
	return { failure: wordRefusal(status, body, exchanged.baseUrl) };
}

function isReply<Reply extends object>(body: unknown, proof: string): body is Reply {
	return typeof body === 'object' && body !== null && proof in body;
}
