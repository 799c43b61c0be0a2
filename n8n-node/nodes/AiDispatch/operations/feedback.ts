import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { ask } from '../http/ask';
import { readFeedback } from '../request/readFeedback';

/** Nothing runs, so the answer comes at once. */
const WAIT_S = 29;

/** What the sidecar took down of what is said of one answer. */
export async function feedback(
	context: IExecuteFunctions,
	itemIndex: number,
): Promise<IDataObject> {
	const call = {
		method: 'POST',
		path: '/api/feedback',
		body: readFeedback(context, itemIndex),
		waitS: WAIT_S,
		proof: 'counted',
	} as const;
	return await ask<IDataObject>(context, call, itemIndex);
}
