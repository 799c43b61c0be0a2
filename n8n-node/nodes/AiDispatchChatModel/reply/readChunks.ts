import type {
	FinishReason,
	ServerSentEventMessage,
	StreamChunk,
	TokenUsage,
} from '@n8n/ai-node-sdk';

import { CallBuffer } from './CallBuffer';
import type { ChunkReply } from './ChunkReply';
import { finishReasonOf } from './finishReasonOf';
import { usageOf } from './usageOf';

/**
 * A streamed answer in n8n's form, text as it comes and tool calls whole.
 * Throws what `refused` makes of an error in its midst, or of nothing when it ends before the model has.
 */
export async function* readChunks(
	events: AsyncIterable<ServerSentEventMessage>,
	refused: (error?: unknown) => Error,
): AsyncGenerator<StreamChunk> {
	const calls = new CallBuffer();
	let finishReason: FinishReason | undefined;
	let usage: TokenUsage | undefined;
	for await (const { data } of events) {
		if (data === '[DONE]') break;
		if (!data) continue;
		const chunk = JSON.parse(data) as ChunkReply;
		if (chunk.error) throw refused(chunk.error);
		usage = usageOf(chunk.usage) ?? usage;
		const [choice] = chunk.choices ?? [];
		if (choice?.delta?.content) yield { type: 'text-delta', delta: choice.delta.content };
		for (const bit of choice?.delta?.tool_calls ?? []) calls.add(bit);
		if (choice?.finish_reason) finishReason = finishReasonOf(choice.finish_reason);
	}
	if (finishReason === undefined) throw refused();
	yield* calls.whole();
	yield { type: 'finish', finishReason, usage };
}
