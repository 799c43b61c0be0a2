import type { INodeProperties } from 'n8n-workflow';

/** How the answer must look: free text, any JSON, or JSON of a given shape. */
export const outputFormat: INodeProperties = {
	displayName: 'Output Format',
	name: 'outputFormat',
	type: 'fixedCollection',
	default: { is: { kind: 'json' } },
	description: 'How the answer must look',
	options: [
		{
			displayName: 'Output Format',
			name: 'is',
			values: [
				{
					displayName: 'Format',
					name: 'kind',
					type: 'options',
					options: [
						{ name: 'Text', value: 'text' },
						{ name: 'JSON', value: 'json', description: 'Any valid JSON' },
						{ name: 'JSON Schema', value: 'schema', description: 'JSON of the shape given below' },
					],
					default: 'json',
				},
				{
					displayName: 'JSON Schema',
					name: 'schema',
					type: 'json',
					typeOptions: { rows: 8 },
					displayOptions: { show: { kind: ['schema'] } },
					default:
						'{\n  "type": "object",\n  "properties": {\n    "answer": { "type": "string" }\n  },\n  "required": ["answer"]\n}',
					description: 'The shape of the answer',
				},
			],
		},
	],
};
