import type { IExecuteFunctions } from 'n8n-workflow';

import type { Asked } from './Asked';
import { readMessages } from './readMessages';
import { readPrompt } from './readPrompt';

/** What the fields of the node ask for one item. */
export function readAsked(context: IExecuteFunctions, itemIndex: number): Asked {
	const field = (name: string, fallback?: unknown) =>
		context.getNodeParameter(name, itemIndex, fallback);
	const operation = field('operation', 'dispatch');
	const isChat =
		operation === 'chat' || (operation === 'submit' && field('askWith', 'prompt') === 'messages');
	if (!isChat) return { prompt: readPrompt(field('prompt')) };
	if (field('specifyMessages', 'fields') === 'json')
		return { messages: readMessages(field('messagesJson')) };
	const { message } = field('messages', {}) as { message?: unknown };
	return { messages: readMessages(message ?? []) };
}
