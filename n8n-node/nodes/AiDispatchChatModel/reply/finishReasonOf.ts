import type { FinishReason } from '@n8n/ai-node-sdk';

const REASONS: Record<string, FinishReason> = {
	stop: 'stop',
	length: 'length',
	tool_calls: 'tool-calls',
	content_filter: 'content-filter',
};

/** Why the model stopped, by the word of the OpenAI API. */
export function finishReasonOf(reason: string | null | undefined): FinishReason {
	return REASONS[reason ?? ''] ?? 'other';
}
