import type { Message, MessageContent } from '@n8n/ai-node-sdk';
import type { IDataObject } from 'n8n-workflow';

import { wireContent } from './wireContent';

/** A message of n8n's in the form of the OpenAI API; several when it holds the results of several tools. */
export function wireMessage(message: Message): IDataObject[] {
	switch (message.role) {
		case 'tool':
			return message.content.filter(isResult).map(wireResult);
		case 'assistant':
			return [wireAnswer(message.content)];
		default:
			return [{ role: message.role, content: wireContent(message.content) }];
	}
}

type Result = Extract<MessageContent, { type: 'tool-result' }>;

function isResult(part: MessageContent): part is Result {
	return part.type === 'tool-result';
}

function wireResult({ toolCallId, result }: Result): IDataObject {
	const content = typeof result === 'string' ? result : JSON.stringify(result);
	return { role: 'tool', tool_call_id: toolCallId, content };
}

function wireAnswer(parts: MessageContent[]): IDataObject {
	const calls = parts.flatMap(wireCall);
	return {
		role: 'assistant',
		content: wireContent(parts),
		...(calls.length > 0 ? { tool_calls: calls } : {}),
	};
}

function wireCall(part: MessageContent): IDataObject[] {
	if (part.type === 'tool-call') return [call(part.toolCallId, part.toolName, part.input)];
	// It stays in the conversation: the message that says what was wrong with it comes next.
	if (part.type === 'invalid-tool-call') return [call(part.toolCallId, part.name, part.args)];
	return [];
}

function call(id = '', name = '', args = '{}'): IDataObject {
	return { id, type: 'function', function: { name, arguments: args } };
}
