import type { IDataObject } from 'n8n-workflow';

import type { DispatchReply } from '../reply/DispatchReply';

/** What the sidecar says about one job; without `state`, it was refused or is unknown, and `error` says why. */
export interface JobReply {
	job_id?: string;
	state?: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired';
	created_at?: string;
	deadline_at?: string;
	finished_at?: string | null;
	result?: DispatchReply | null;
	error?: IDataObject | null;
}
