import type { INodeProperties } from 'n8n-workflow';

/**
 * The kinds of work the sidecar knows, by the values it takes.
 * `embedding` is left out: the dispatch route answers with text; vectors have a route of their own.
 */
export const taskType: INodeProperties = {
	displayName: 'Task Type',
	name: 'taskType',
	type: 'options',
	options: [
		{ name: 'Auto', value: 'auto', description: 'Find out from the prompt' },
		{ name: 'Chat', value: 'chat', description: 'Answer as in a conversation' },
		{
			name: 'Classification',
			value: 'classification',
			description: 'Put the text into one of several classes',
		},
		{ name: 'Code Generation', value: 'code-generation', description: 'Write or change code' },
		{
			name: 'Extraction',
			value: 'extraction',
			description: 'Pull facts or fields out of the text',
		},
		{
			name: 'Question Answering',
			value: 'question-answering',
			description: 'Answer a question, with or without given text',
		},
		{ name: 'Reasoning', value: 'reasoning', description: 'Solve something in several steps' },
		{ name: 'Summarization', value: 'summarization', description: 'Make the text shorter' },
		{ name: 'Text Generation', value: 'text-generation', description: 'Write text' },
		{
			name: 'Translation',
			value: 'translation',
			description: 'Say the text in another language',
		},
	],
	default: 'auto',
	description: 'The kind of work the prompt asks for; models differ most by it',
};
