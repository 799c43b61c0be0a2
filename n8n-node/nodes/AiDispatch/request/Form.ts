import type { IDataObject } from 'n8n-workflow';

/** What the user filled in for one item, as n8n hands it over: expressions may yield anything. */
export interface Form {
	prompt: unknown;
	taskType: unknown;
	complexity: unknown;
	/** The id of the one model that must answer; empty or `auto` for the sidecar's choice. */
	model: unknown;
	options: {
		explore?: unknown;
		maxTokens?: unknown;
		minQuality?: unknown;
		objective?: unknown;
		onInfeasible?: unknown;
		outputFormat?: { is?: { kind?: unknown; schema?: unknown } };
		priority?: unknown;
		privacy?: unknown;
		systemPrompt?: unknown;
		temperature?: unknown;
		timeout?: unknown;
	};
	/** How many items the run has: together they need longer. */
	itemCount: number;
	/** Where the item comes from, for the sidecar's records. */
	context: IDataObject;
}
