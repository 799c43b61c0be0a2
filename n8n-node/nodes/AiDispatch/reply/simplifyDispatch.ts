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
		run_s: runS(reply),
		total_s: reply.timing.total_s,
		attempts: reply.attempts.length,
	};
}

/** What is left when the waiting is taken away, to the millisecond: models reading and writing, failed tries among it. */
function runS({ timing: { queue_s, load_s, total_s } }: DispatchReply): number {
	return Math.max(0, Math.round((total_s - queue_s - load_s) * 1000) / 1000);
}
