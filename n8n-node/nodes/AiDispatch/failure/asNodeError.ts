import type { INode } from 'n8n-workflow';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';

/** The error as n8n shows it best: the sidecar's own as it is, anything else with the item it happened to. */
export function asNodeError(
	error: unknown,
	node: INode,
	itemIndex: number,
): NodeApiError | NodeOperationError {
	if (error instanceof NodeApiError) return error;
	return new NodeOperationError(node, error as Error, { itemIndex });
}
