import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { ask } from '../http/ask';
import type { JobReply } from '../jobs/JobReply';
import { simplifyJob } from '../reply/simplifyJob';
import { readJobId } from '../request/readJobId';
import { readWait } from '../request/readWait';

/** Longer than the sidecar was asked to wait, and never over 30 s. */
const MARGIN_S = 4;

/** How far one job is. That it failed is an answer like others: only a job that isn't there is an error of this node. */
export async function getJob(context: IExecuteFunctions, itemIndex: number): Promise<IDataObject> {
	const id = readJobId(context.getNodeParameter('jobId', itemIndex, ''));
	const waitS = readWait(context.getNodeParameter('wait', itemIndex, 0));
	const call = {
		method: 'GET',
		path: `/api/jobs/${encodeURIComponent(id)}?wait=${waitS}`,
		waitS: waitS + MARGIN_S,
		proof: 'job_id',
	} as const;
	const reply = await ask<JobReply>(context, call, itemIndex);
	return context.getNodeParameter('simplify', itemIndex) ? simplifyJob(reply) : { ...reply };
}
