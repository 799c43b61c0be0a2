import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { ask } from '../http/ask';
import { simplifyStatus } from '../reply/simplifyStatus';
import type { StatusReply } from '../reply/StatusReply';

/** Nothing runs, so the answer comes at once. */
const WAIT_S = 14;

/** How the sidecar does: its parts, and the models in memory. Only the second question needs the token. */
export async function getStatus(
	context: IExecuteFunctions,
	itemIndex: number,
): Promise<IDataObject> {
	const asking = { method: 'GET', waitS: WAIT_S } as const;
	const parts = { ...asking, path: '/ready', proof: 'parts', alsoGood: 503 };
	const fleet = { ...asking, path: '/api/containers', proof: 'containers' };
	const reply = {
		...(await ask<StatusReply>(context, parts, itemIndex)),
		...(await ask<StatusReply>(context, fleet, itemIndex)),
	};
	return context.getNodeParameter('simplify', itemIndex) ? simplifyStatus(reply) : reply;
}
