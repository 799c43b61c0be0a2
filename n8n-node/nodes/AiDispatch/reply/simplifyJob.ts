import type { IDataObject } from 'n8n-workflow';

import { wordError } from '../failure/wordError';
import type { JobReply } from '../jobs/JobReply';
import { simplifyDispatch } from './simplifyDispatch';

const OPEN = ['queued', 'running'];

/** How far a job is; with the fields of its answer when it is done, and of the error when there won't be one. */
export function simplifyJob(reply: JobReply): IDataObject {
	const { job_id, state, created_at, deadline_at, finished_at, result } = reply;
	const failure = wordError(reply.error);
	return {
		job_id,
		state,
		is_finished: !OPEN.includes(String(state)),
		created_at,
		deadline_at,
		finished_at,
		...(result ? simplifyDispatch(result) : {}),
		...(failure ? { error: failure.message, ...failure.details } : {}),
	};
}
