import type { IDataObject } from 'n8n-workflow';

import type { DispatchReply } from '../reply/DispatchReply';

/** What the sidecar says about one job; without `state`, it was refused or is unknown, and `error` says why. */
export interface JobReply {
	job_id?: string;
	state?: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired';
	result?: DispatchReply | null;
	error?: IDataObject | null;
}
