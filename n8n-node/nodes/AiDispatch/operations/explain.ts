import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { ask } from '../http/ask';
import type { ExplainReply } from '../reply/ExplainReply';
import { simplifyExplain } from '../reply/simplifyExplain';
import { readRequest } from '../request/readRequest';

/** Nothing runs, so the answer comes at once. */
const WAIT_S = 29;

/** Which model would answer one item, and why. */
export async function explain(context: IExecuteFunctions, itemIndex: number): Promise<IDataObject> {
	const body = readRequest(context, itemIndex);
	const call = {
		method: 'POST',
		path: '/api/explain',
		body,
		waitS: WAIT_S,
		proof: 'decision',
	} as const;
	const reply = await ask<ExplainReply>(context, call, itemIndex);
	return context.getNodeParameter('simplify', itemIndex) ? simplifyExplain(reply) : { ...reply };
}
