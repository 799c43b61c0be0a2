import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { ask } from '../http/ask';
import type { JobReply } from '../jobs/JobReply';
import { simplifyJob } from '../reply/simplifyJob';
import { readSubmission } from '../request/readSubmission';

/** Nothing is waited for, so the answer comes at once. */
const WAIT_S = 29;

/** The job that one item has become. */
export async function submit(context: IExecuteFunctions, itemIndex: number): Promise<IDataObject> {
	const call = {
		method: 'POST',
		path: '/api/jobs?wait=0',
		body: readSubmission(context, itemIndex),
		waitS: WAIT_S,
		proof: 'job_id',
	} as const;
	const reply = await ask<JobReply>(context, call, itemIndex);
	return context.getNodeParameter('simplify', itemIndex) ? simplifyJob(reply) : { ...reply };
}
