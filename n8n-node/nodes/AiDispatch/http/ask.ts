import { apiError } from '../failure/apiError';
import type { Call } from './Call';
import type { Caller } from './Caller';
import { send } from './send';

/** The sidecar's reply to one call; any failure is thrown as n8n shows it best. */
export async function ask<Reply extends object>(
	context: Caller,
	call: Call,
	itemIndex?: number,
): Promise<Reply> {
	const answer = await send<Reply>(context, call);
	if ('reply' in answer) return answer.reply;
	throw apiError(answer.failure, context.getNode(), itemIndex);
}
