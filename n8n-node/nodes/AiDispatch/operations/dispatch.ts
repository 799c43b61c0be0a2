import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { DispatchReply } from '../reply/DispatchReply';
import { simplifyDispatch } from '../reply/simplifyDispatch';
import { readRequest } from '../request/readRequest';
import { ask } from '../transport';

/** The sidecar itself gives up at the deadline and says why; only its silence is cut off, this much later. */
const MARGIN_S = 15;

/** The answer to one item, by the model the sidecar chose. */
export async function dispatch(
	context: IExecuteFunctions,
	itemIndex: number,
): Promise<IDataObject> {
	const body = readRequest(context, itemIndex);
	const waitS = body.requirements.timeout + MARGIN_S;
	const call = {
		method: 'POST',
		path: '/api/dispatch',
		body,
		waitS,
		proof: 'dispatch_id',
		itemIndex,
	} as const;
	const reply = await ask<DispatchReply>(context, call);
	return context.getNodeParameter('simplify', itemIndex) ? simplifyDispatch(reply) : { ...reply };
}
