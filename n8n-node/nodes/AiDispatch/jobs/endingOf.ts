import type { Answer } from '../http/Answer';
import { wordError } from '../failure/wordError';
import type { DispatchReply } from '../reply/DispatchReply';
import type { JobReply } from './JobReply';

/** How a job ended, as far as the sidecar told; nothing while it waits or runs, or when the answer comes later. */
export function endingOf({ state, result, error }: JobReply): Answer<DispatchReply> | undefined {
	if (state === 'done' && result) return { reply: result };
	const failure = wordError(error);
	return failure && { failure };
}
