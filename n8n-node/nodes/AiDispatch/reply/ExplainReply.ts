import type { IDataObject } from 'n8n-workflow';

/** What the sidecar answers when asked for a choice only, as far as the node reads it. */
export interface ExplainReply {
	task_type: string;
	complexity: string;
	decision: {
		model: string;
		way: string;
		why: string;
		runner_up: IDataObject | null;
		flip: string | null;
		refused: IDataObject[];
	};
}
