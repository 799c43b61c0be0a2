import type { INodeProperties } from 'n8n-workflow';

/** What not every model can do, by the values the sidecar takes; vectors are no answer to a prompt. */
export const capabilities: INodeProperties = {
	displayName: 'Capabilities',
	name: 'capabilities',
	type: 'multiOptions',
	options: [
		{ name: 'JSON', value: 'json', description: 'Answers in JSON of a given shape' },
		{ name: 'Thinking', value: 'thinking', description: 'Thinks before it answers' },
		{ name: 'Tools', value: 'tools', description: 'Was made to call tools' },
		{ name: 'Vision', value: 'vision', description: 'Understands pictures' },
	],
	default: [],
	description: 'What the model must be able to do; others are not chosen',
};
