import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { ExplainReply } from '../reply/ExplainReply';
import { simplifyExplain } from '../reply/simplifyExplain';
import { readRequest } from '../request/readRequest';
import { ask } from '../transport';

/** Nothing runs, so the answer comes at once. */
const WAIT_S = 30;

/** Which model would answer one item, and why. */
export async function explain(context: IExecuteFunctions, itemIndex: number): Promise<IDataObject> {
	const body = readRequest(context, itemIndex);
	const call = {
		method: 'POST',
		path: '/api/explain',
		body,
		waitS: WAIT_S,
		proof: 'decision',
		itemIndex,
	} as const;
	const reply = await ask<ExplainReply>(context, call);
	return context.getNodeParameter('simplify', itemIndex) ? simplifyExplain(reply) : { ...reply };
}
