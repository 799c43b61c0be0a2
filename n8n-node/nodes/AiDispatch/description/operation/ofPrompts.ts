import type { INodeProperties } from 'n8n-workflow';

/** What can be done with a prompt, and said of its answer. */
export const ofPrompts: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	displayOptions: { show: { resource: ['prompt'] } },
	options: [
		{
			name: 'Chat',
			value: 'chat',
			description: 'Choose a model and get its next message of a conversation',
			action: 'Chat with a model',
		},
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
