import { createHash } from 'node:crypto';

import type { IExecuteFunctions } from 'n8n-workflow';

import type { DispatchRequest } from './DispatchRequest';

/**
 * The key under which one item is submitted: the same for the same item of the same run of the node in the same execution
 * of this n8n, so that Retry On Fail and lost answers make no second job of it. What is asked is part of it, for an
 * agent that has the node as a tool asks for other things in one run.
 */
export function nameSubmission(context: IExecuteFunctions, body: DispatchRequest): string {
	const asked = JSON.stringify([context.getInstanceId(), body]);
	return `n8n.${createHash('sha256').update(asked).digest('hex')}`;
}
