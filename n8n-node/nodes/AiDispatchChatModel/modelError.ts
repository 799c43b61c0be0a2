import type { INode, NodeApiError } from 'n8n-workflow';

import { apiError } from '../AiDispatch/failure/apiError';
import type { Failure } from '../AiDispatch/failure/Failure';

/** The error for a call that failed: shown at the chain or agent, with the model named as the one it came from. */
export function modelError(failure: Failure, node: INode): NodeApiError {
	const error = apiError(failure, node);
	error.functionality = 'configuration-node';
	return error;
}
