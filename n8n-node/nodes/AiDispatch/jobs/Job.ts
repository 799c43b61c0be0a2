import type { DispatchRequest } from '../request/DispatchRequest';

/** One item of a run on its way through the sidecar. */
export interface Job {
	itemIndex: number;
	/** What is sent, word for word the same each time: with another body, its key would be refused. */
	body: DispatchRequest & { idempotency_key: string };
	/** When its answer is of no use any more and nothing is expected, in epoch milliseconds; begins with the first try. */
	giveUpAt?: number;
	/** Whether it was sent and nobody knows if it was accepted. */
	isLost?: boolean;
	/** Whether it was handed in again because the sidecar had forgotten it. */
	wasForgotten?: boolean;
}
