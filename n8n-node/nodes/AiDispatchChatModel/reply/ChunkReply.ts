import type { WireToolCall, WireUsage } from './CompletionReply';

/** A piece of a streamed answer of the OpenAI API, as far as the node reads it. */
export interface ChunkReply {
	choices?: Array<{
		delta?: {
			content?: string | null;
			tool_calls?: Array<WireToolCall & { index?: number }> | null;
		};
		finish_reason?: string | null;
	}>;
	usage?: WireUsage | null;
	/** Instead of a piece, when the answer broke off. */
	error?: unknown;
}
