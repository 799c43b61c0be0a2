import type {
	IDataObject,
	INode,
	INodeExecutionData,
	NodeApiError,
	NodeOperationError,
} from 'n8n-workflow';

/**
 * The item that stands for a failed one when the workflow goes on.
 * With an error branch it holds the message alone: before 2.36, n8n takes an item with more fields for a success.
 */
export function failedItem(
	error: NodeApiError | NodeOperationError,
	node: INode,
	itemIndex: number,
): INodeExecutionData {
	const details = error.context.data as IDataObject | undefined;
	const json: IDataObject = { error: error.message };
	if (node.onError !== 'continueErrorOutput') Object.assign(json, describe(error), details);
	return { json, pairedItem: { item: itemIndex } };
}

function describe(error: NodeApiError | NodeOperationError): IDataObject {
	return error.description ? { description: error.description } : {};
}
