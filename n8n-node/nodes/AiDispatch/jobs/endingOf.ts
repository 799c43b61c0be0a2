import type { Answer } from '../http/Answer';
import type { Failure } from '../failure/Failure';
import { wordError } from '../failure/wordError';
import type { DispatchReply } from '../reply/DispatchReply';
import type { JobReply } from './JobReply';

/** How a job ended, in the sidecar's words where it has any; nothing while it waits or runs. */
export function endingOf(job: JobReply): Answer<DispatchReply> | undefined {
	if (job.state === 'queued' || job.state === 'running') return undefined;
	if (job.state === 'done' && job.result) return { reply: job.result };
	return { failure: wordError(job.error) ?? wordEnding(job.state) };
}

function wordEnding(state: JobReply['state']): Failure {
	switch (state) {
		case 'cancelled':
			return failure('job_cancelled', 'The job was cancelled in AI Dispatch', false);
		case 'expired':
			return failure('job_expired', 'The time for this item was up before it was answered', true);
		default:
			return failure('job_without_result', 'AI Dispatch ended this job without a result', true);
	}
}

function failure(code: string, message: string, retryable: boolean): Failure {
	const description = retryable ? 'Trying again may help; the log of the sidecar says more.' : '';
	return { message, description, details: { code, retryable, origin: 'dispatcher' } };
}
