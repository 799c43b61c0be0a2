import type { INodeProperties } from 'n8n-workflow';

/** What the node is asked to do. */
export const operation: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	options: [
		{
			name: 'Dispatch a Prompt',
			value: 'dispatch',
			description: 'Choose a model, start it if needed and get its answer',
			action: 'Dispatch a prompt',
		},
		{
			name: 'Explain the Choice',
			value: 'explain',
			description: 'Say which model would answer and why, without running it',
			action: 'Explain the choice of a model',
		},
		{
			name: 'Send Feedback',
			value: 'feedback',
			description: 'Say how good an answer was, so that the next choice is better',
			action: 'Send feedback on an answer',
		},
	],
	default: 'dispatch',
};
