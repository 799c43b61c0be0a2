import type { INodeProperties } from 'n8n-workflow';

/** What can be learnt of the sidecar itself. */
export const ofSidecar: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	displayOptions: { show: { resource: ['sidecar'] } },
	options: [
		{
			name: 'Get Status',
			value: 'getStatus',
			description: 'Say what works, what does not, and how much memory models take',
			action: 'Get the status',
		},
		{
			name: 'List Models',
			value: 'listModels',
			description: 'Give an item for every model there is, with its state',
			action: 'List models',
		},
	],
	default: 'listModels',
};
