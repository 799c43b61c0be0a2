import type { IDataObject } from 'n8n-workflow';

import type { ExplainReply } from './ExplainReply';

/** The fields a workflow uses: which model, why, and what would change it. */
export function simplifyExplain(reply: ExplainReply): IDataObject {
	const { decision } = reply;
	return {
		model: decision.model,
		way: decision.way,
		why: decision.why,
		runner_up: decision.runner_up,
		flip: decision.flip,
		task_type: reply.task_type,
		complexity: reply.complexity,
		refused: decision.refused,
	};
}
