import type { INode } from 'n8n-workflow';
import { NodeApiError } from 'n8n-workflow';

import type { Failure } from './Failure';

/** The error n8n shows for a failure: its message as the headline, its details in reach of the workflow. */
export function apiError(failure: Failure, node: INode, itemIndex?: number): NodeApiError {
	const { message, description, details, status } = failure;
	const error = new NodeApiError(
		node,
		{ message },
		{ message, description, httpCode: status?.toString(), itemIndex },
	);
	error.context.data = details;
	return error;
}
