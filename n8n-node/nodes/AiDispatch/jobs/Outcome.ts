import type { Failure } from '../failure/Failure';
import type { DispatchReply } from '../reply/DispatchReply';

/** How the job of one item ended. */
export type Outcome = { itemIndex: number } & ({ reply: DispatchReply } | { failure: Failure });
