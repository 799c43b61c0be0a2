import type { IDataObject } from 'n8n-workflow';
import { UserError } from 'n8n-workflow';

import { parseJson } from './parseJson';

/** A conversation from a list, or from the JSON text of one; what each message says goes out word for word. */
export function readMessages(value: unknown): IDataObject[] {
	const list = typeof value === 'string' ? parseJson(value) : value;
	if (!Array.isArray(list)) {
		throw new UserError("'Messages' is not a list", {
			description:
				'Give a list such as [{"role": "user", "content": "Hello"}]. If it is an expression, it gave something else for this item.',
		});
	}
	if (list.length === 0) {
		throw new UserError("'Messages' is empty", {
			description: 'Give at least one message with the role user, for the model to answer.',
		});
	}
	return list.map(readMessage);
}

function readMessage(value: unknown, index: number): IDataObject {
	const { role, content } = (value ?? {}) as { role?: unknown; content?: unknown };
	if (typeof role !== 'string' || typeof content === 'object' || content === undefined) {
		throw new UserError(
			`Message ${index + 1} of 'Messages' lacks a role, or its content is not text`,
			{
				description: 'Each message is like {"role": "user", "content": "Hello"}.',
			},
		);
	}
	return { ...(value as IDataObject), content: String(content) };
}
