import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { Answer } from '../http/Answer';
import { deafToStop } from '../http/deafToStop';
import { send } from '../http/send';
import type { Job } from './Job';
import type { JobReply } from './JobReply';

/** The sidecar's routes for jobs. No call lasts longer than it is told to. */
export class JobsApi {
	constructor(
		private readonly context: IExecuteFunctions,
		private readonly requestS: number,
	) {}

	/** Hands jobs in; the replies are in their order. Carried through when the run is stopped, or no one knew their ids. */
	async submit(jobs: Job[]): Promise<Answer<{ jobs: JobReply[] }>> {
		const body = { jobs: jobs.map((job) => job.body) };
		return await this.post(deafToStop(this.context), '/api/jobs?wait=0', body, 'jobs');
	}

	/** Waits until one of the jobs is finished, and takes those that are. */
	async collect(ids: string[], waitS: number): Promise<Answer<{ jobs: JobReply[] }>> {
		return await this.post(this.context, '/api/jobs/collect', { ids, wait: waitS }, 'jobs');
	}

	/** Cancels jobs, also when the run was stopped. */
	async cancel(ids: string[]): Promise<Answer<object>> {
		return await this.post(deafToStop(this.context), '/api/jobs/cancel', { ids }, 'cancelled');
	}

	private async post<Reply extends object>(
		context: IExecuteFunctions,
		path: string,
		body: IDataObject,
		proof: string,
	): Promise<Answer<Reply>> {
		return await send<Reply>(context, {
			method: 'POST',
			path,
			body,
			waitS: this.requestS,
			proof,
		});
	}
}
