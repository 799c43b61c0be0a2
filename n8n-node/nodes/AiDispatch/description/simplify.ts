import type { INodeProperties } from 'n8n-workflow';

/** Whether an item carries the few fields a workflow uses or all the sidecar said. */
export const simplify: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};
