import type { INodeProperties } from 'n8n-workflow';

/** How hard the work is, by the values the sidecar takes. */
export const complexity: INodeProperties = {
	displayName: 'Complexity',
	name: 'complexity',
	type: 'options',
	options: [
		{ name: 'Auto', value: 'auto', description: 'Find out from the prompt' },
		{ name: 'Low', value: 'low', description: 'A small model does it well' },
		{ name: 'Medium', value: 'medium', description: 'Neither trivial nor hard' },
		{ name: 'High', value: 'high', description: 'Worth a larger, slower model' },
	],
	default: 'auto',
	description: 'How hard the work is',
};
