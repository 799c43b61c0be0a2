import type { INode } from 'n8n-workflow';
import { NodeApiError } from 'n8n-workflow';

import type { Failure } from './Failure';

/** The error n8n shows for a failure: its message as the headline, its details in reach of the workflow. */
export function apiError(
	failure: Failure,
	node: INode,
	at: { itemIndex?: number; status?: number } = {},
): NodeApiError {
	const { message, description, details } = failure;
	const error = new NodeApiError(
		node,
		{ message },
		{ message, description, httpCode: at.status?.toString(), itemIndex: at.itemIndex },
	);
	error.context.data = details;
	return error;
}
