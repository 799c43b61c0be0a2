import type { IDataObject } from 'n8n-workflow';

import type { DispatchReply } from './DispatchReply';

/** The fields a workflow uses: the answer, who gave it and why, what it took. */
export function simplifyDispatch(reply: DispatchReply): IDataObject {
	return {
		text: reply.text,
		...(reply.json === undefined || reply.json === null ? {} : { json: reply.json }),
		model: reply.model,
		why: reply.decision.why,
		dispatch_id: reply.dispatch_id,
		task_type: reply.task_type,
		complexity: reply.complexity,
		prompt_tokens: reply.usage.prompt_tokens,
		completion_tokens: reply.usage.completion_tokens,
		queue_s: reply.timing.queue_s,
		load_s: reply.timing.load_s,
		total_s: reply.timing.total_s,
	};
}
