import type { INodeProperties } from 'n8n-workflow';

/** What the operations are about. The first is the default, so that workflows from before there were others stay as they are. */
export const resource: INodeProperties = {
	displayName: 'Resource',
	name: 'resource',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'Prompt', value: 'prompt', description: 'A question that is answered while n8n waits' },
		{ name: 'Job', value: 'job', description: 'A question whose answer is picked up later' },
		{ name: 'Sidecar', value: 'sidecar', description: 'What there is to answer with' },
	],
	default: 'prompt',
};
