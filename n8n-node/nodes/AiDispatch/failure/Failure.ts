import type { IDataObject } from 'n8n-workflow';

/** What went wrong, in words for the user of the workflow. */
export interface Failure {
	/** The headline n8n shows. */
	message: string;
	/** What to do about it. */
	description: string;
	/** What a workflow may act on: code, retryable, retry_after_s, feasible_in_s, dispatch_id, origin. */
	details: IDataObject;
	/** The HTTP status it came with; none when nobody answered, or when it is about one job of many. */
	status?: number;
}
