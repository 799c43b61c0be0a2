import { UserError } from 'n8n-workflow';

/** The prompt as text, word for word; refused when it is empty or not text. */
export function readPrompt(value: unknown): string {
	if (typeof value === 'object' && value !== null) {
		throw new UserError("'Prompt' is not text but an object or a list", {
			description:
				'Pick the field that holds the text, or turn it into text with JSON.stringify().',
		});
	}
	const text = String(value ?? '');
	if (text.trim() === '') {
		throw new UserError("'Prompt' is empty", {
			description:
				'Say what the model should do. If the prompt is an expression, it gave nothing for this item.',
		});
	}
	return text;
}
