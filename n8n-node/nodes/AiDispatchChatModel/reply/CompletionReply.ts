/** An answer of the OpenAI API, as far as the node reads it. */
export interface CompletionReply {
	id?: string;
	model?: string;
	choices: Array<{
		message: { content?: string | null; tool_calls?: WireToolCall[] | null };
		finish_reason?: string | null;
	}>;
	usage?: WireUsage | null;
}

export interface WireToolCall {
	id?: string;
	function?: { name?: string; arguments?: string };
}

export interface WireUsage {
	prompt_tokens?: number;
	completion_tokens?: number;
	total_tokens?: number;
}
