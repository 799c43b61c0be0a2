import type { Failure } from '../failure/Failure';

/** What became of a call: the sidecar's reply, or why there is none. */
export type Answer<Reply> = { reply: Reply } | { failure: Failure };
