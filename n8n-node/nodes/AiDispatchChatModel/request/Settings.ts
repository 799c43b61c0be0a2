/** What the user filled in, as n8n hands it over: expressions may yield anything. */
export interface Settings {
	/** The id of the one model that must answer; empty or `auto` for the sidecar's choice. */
	model: unknown;
	taskType: unknown;
	complexity: unknown;
	options: {
		explore?: unknown;
		maxTokens?: unknown;
		minQuality?: unknown;
		objective?: unknown;
		privacy?: unknown;
		responseFormat?: unknown;
		temperature?: unknown;
		timeout?: unknown;
	};
	workflowId: unknown;
	nodeId: unknown;
}
