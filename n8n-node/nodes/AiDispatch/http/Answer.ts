import type { Failure } from '../failure/Failure';

/** What became of a call: the sidecar's reply, with its headers when it came alone, or why there is none. */
export type Answer<Reply> =
	| { reply: Reply; headers?: Record<string, unknown> }
	| { failure: Failure };
