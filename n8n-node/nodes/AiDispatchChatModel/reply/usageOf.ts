import type { TokenUsage } from '@n8n/ai-node-sdk';

import type { WireUsage } from './CompletionReply';

/** How many tokens were read and written, in n8n's words; nothing when the sidecar did not say. */
export function usageOf(usage: WireUsage | null | undefined): TokenUsage | undefined {
	if (!usage) return undefined;
	const { prompt_tokens: promptTokens = 0, completion_tokens: completionTokens = 0 } = usage;
	return {
		promptTokens,
		completionTokens,
		totalTokens: usage.total_tokens ?? promptTokens + completionTokens,
	};
}
