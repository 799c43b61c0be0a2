import type { GenerateResult, MessageContent } from '@n8n/ai-node-sdk';

import type { CompletionReply, WireToolCall } from './CompletionReply';
import { finishReasonOf } from './finishReasonOf';
import type { Served } from './Served';
import { usageOf } from './usageOf';

/** A whole answer in n8n's form. */
export function readCompletion(reply: CompletionReply, served: Served): GenerateResult {
	const [choice] = reply.choices;
	const calls = (choice?.message.tool_calls ?? []).map(readCall);
	const text: MessageContent = { type: 'text', text: choice?.message.content ?? '' };
	return {
		id: reply.id,
		message: { role: 'assistant', id: reply.id, content: [...calls, text] },
		finishReason: finishReasonOf(choice?.finish_reason),
		usage: usageOf(reply.usage),
		providerMetadata: { ...served, model_name: served.model },
	};
}

function readCall({ id, function: called }: WireToolCall): MessageContent {
	return {
		type: 'tool-call',
		toolCallId: id,
		toolName: called?.name ?? '',
		input: called?.arguments ?? '{}',
	};
}
