import type { IDataObject } from 'n8n-workflow';

import type { Asked } from './Asked';
import type { Settings } from './Settings';

/** The body for one call, as the OpenAI API has it: only what was filled in. */
export function bodyFor(asked: Asked, settings: Settings): IDataObject {
	const { model, options } = settings;
	const body = {
		model: model === undefined || model === null || model === '' ? 'auto' : model,
		messages: asked.messages,
		tools: asked.tools.length > 0 ? asked.tools : undefined,
		temperature: options.temperature,
		max_tokens: options.maxTokens,
		stop: asked.stop,
		response_format: options.responseFormat ? { type: options.responseFormat } : undefined,
		...(asked.isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
	};
	return Object.fromEntries(
		Object.entries(body).filter(([, value]) => (value ?? '') !== ''),
	) as IDataObject;
}
