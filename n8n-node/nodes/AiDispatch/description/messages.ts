import type { INodeProperties } from 'n8n-workflow';

/** A conversation, written down here or taken from a field of the item. */
export const messages: INodeProperties[] = [
	{
		displayName: 'Specify Messages',
		name: 'specifyMessages',
		type: 'options',
		options: [
			{ name: 'Using Fields Below', value: 'fields', description: 'One field for each message' },
			{
				name: 'Using JSON',
				value: 'json',
				description: 'A list, such as from a field of the item',
			},
		],
		default: 'fields',
		description: 'How the conversation is given',
	},
	{
		displayName: 'Messages',
		name: 'messages',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true, sortable: true, multipleValueButtonText: 'Add Message' },
		default: { message: [{ role: 'user', content: '' }] },
		placeholder: 'Add Message',
		description: 'The conversation so far, oldest first',
		displayOptions: { show: { specifyMessages: ['fields'] } },
		options: [
			{
				displayName: 'Message',
				name: 'message',
				values: [
					{
						displayName: 'Role',
						name: 'role',
						type: 'options',
						options: [
							{ name: 'Assistant', value: 'assistant', description: 'What a model answered' },
							{ name: 'System', value: 'system', description: 'How the model should behave' },
							{ name: 'User', value: 'user', description: 'What the model is asked' },
						],
						default: 'user',
						description: 'Who says it',
					},
					{
						displayName: 'Content',
						name: 'content',
						type: 'string',
						typeOptions: { rows: 2 },
						default: '',
						description: 'What is said',
					},
				],
			},
		],
	},
	{
		displayName: 'Messages',
		name: 'messagesJson',
		type: 'json',
		typeOptions: { rows: 6 },
		default: '[\n  { "role": "user", "content": "Name three rivers." }\n]',
		description:
			'The conversation so far, oldest first: a list of role and content. An expression may give the list itself, such as one from a field of the item.',
		displayOptions: { show: { specifyMessages: ['json'] } },
	},
];
