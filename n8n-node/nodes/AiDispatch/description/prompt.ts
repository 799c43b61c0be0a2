import type { INodeProperties } from 'n8n-workflow';

/** The text the model answers. */
export const prompt: INodeProperties = {
	displayName: 'Prompt',
	name: 'prompt',
	type: 'string',
	typeOptions: { rows: 4 },
	default: '',
	required: true,
	placeholder: 'e.g. Summarize this email in one sentence: …',
	description: 'What the model should do, with the text it should do it to',
};
