import type { IDataObject } from 'n8n-workflow';

import type { Asked } from './Asked';

/** What the user filled in for one item, as n8n hands it over: expressions may yield anything. */
export interface Form {
	asked: Asked;
	taskType: unknown;
	complexity: unknown;
	/** The id of the one model that must answer, or an alias; empty or `auto` for the sidecar's choice. */
	model: unknown;
	options: {
		batchSize?: unknown;
		capabilities?: unknown;
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
	/** Whether nobody waits for the answer. */
	isJob: boolean;
	/** Where the item comes from, for the sidecar's records. */
	context: IDataObject;
}
