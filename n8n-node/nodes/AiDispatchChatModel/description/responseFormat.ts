import type { INodeProperties } from 'n8n-workflow';

/** How every answer must look. */
export const responseFormat: INodeProperties = {
	displayName: 'Response Format',
	name: 'responseFormat',
	type: 'options',
	options: [
		{ name: 'JSON', value: 'json_object', description: 'Any valid JSON; say in the prompt which' },
		{ name: 'Text', value: 'text' },
	],
	default: 'text',
	description: 'How every answer must look',
};
