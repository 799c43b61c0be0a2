import type { INodeProperties } from 'n8n-workflow';

import { messages } from './messages';
import { prompt } from './prompt';
import { shownFor } from './shownFor';

/** What a job asks. */
export const submit: INodeProperties[] = [
	...shownFor(
		{ operation: ['submit'] },
		{
			displayName: 'Ask With',
			name: 'askWith',
			type: 'options',
			options: [
				{ name: 'A Prompt', value: 'prompt', description: 'One text' },
				{ name: 'Messages', value: 'messages', description: 'A conversation' },
			],
			default: 'prompt',
			description: 'What the model is to answer',
		},
	),
	...shownFor({ operation: ['submit'], askWith: ['prompt'] }, prompt),
	...shownFor({ operation: ['submit'], askWith: ['messages'] }, ...messages),
];
