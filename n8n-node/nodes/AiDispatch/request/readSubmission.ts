import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { nameSubmission } from './nameSubmission';
import { readRequest } from './readRequest';

/** The body of one item that becomes a job. */
export function readSubmission(context: IExecuteFunctions, itemIndex: number): IDataObject {
	const body = readRequest(context, itemIndex);
	const callbackUrl = String(context.getNodeParameter('callbackUrl', itemIndex, '') ?? '').trim();
	return {
		...body,
		...(callbackUrl === '' ? {} : { callback_url: callbackUrl }),
		idempotency_key: nameSubmission(context, body),
	};
}
