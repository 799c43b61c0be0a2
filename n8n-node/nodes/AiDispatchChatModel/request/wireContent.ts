import type { MessageContent } from '@n8n/ai-node-sdk';
import type { IDataObject } from 'n8n-workflow';
import { UserError } from 'n8n-workflow';

/** What a message says: its text, or texts and images in their order. Thoughts stay with the one who had them. */
export function wireContent(parts: MessageContent[]): string | IDataObject[] {
	const wired = parts.flatMap(wirePart);
	if (wired.some(({ type }) => type !== 'text')) return wired;
	return wired.map(({ text }) => text).join('\n');
}

function wirePart(part: MessageContent): IDataObject[] {
	if (part.type === 'text') return [{ type: 'text', text: part.text }];
	if (part.type === 'file') return [{ type: 'image_url', image_url: { url: dataUrlOf(part) } }];
	return [];
}

function dataUrlOf({ mediaType, data }: Extract<MessageContent, { type: 'file' }>): string {
	if (mediaType?.startsWith('image/') && data !== undefined) {
		const base64 = typeof data === 'string' ? data : Buffer.from(data).toString('base64');
		return `data:${mediaType};base64,${base64}`;
	}
	throw new UserError(
		`AI Dispatch cannot give a file (${mediaType ?? 'of unknown type'}) to a model`,
		{
			description:
				'Models read text and images that come with the message. Extract the text first.',
		},
	);
}
