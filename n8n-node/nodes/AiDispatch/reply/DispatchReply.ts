import type { GenericValue, IDataObject } from 'n8n-workflow';

/** What the sidecar answers to a dispatch, as far as the node reads it. */
export interface DispatchReply {
	dispatch_id: string;
	text: string;
	json?: IDataObject | GenericValue[];
	model: string;
	task_type: string;
	complexity: string;
	decision: { way: string; why: string };
	usage: { prompt_tokens: number; completion_tokens: number };
	timing: { queue_s: number; load_s: number; total_s: number };
	attempts: IDataObject[];
}
