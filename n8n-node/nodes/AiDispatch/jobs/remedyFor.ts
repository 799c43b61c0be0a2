import type { Failure } from '../failure/Failure';

/** Nobody was there, or nobody who knew: the sidecar restarts, or a proxy before it has lost it for a moment. */
const SILENT = ['unreachable', 'connection_lost', 'no_answer'];

/** It has room again when others are done. */
const BUSY = ['overloaded', 'shutting_down'];

/** Statuses of a refusal that is about what was sent, of which one job may be the cause. */
const ABOUT_THE_BODY = [400, 413, 422];

/** What helps when a call or a job failed: to ask again, to send less at once, or nothing. */
export function remedyFor({ details, status }: Failure): 'again' | 'halve' | 'none' {
	const code = String(details.code);
	if (SILENT.includes(code) || BUSY.includes(code)) return 'again';
	if (code === 'not_ai_dispatch' && status !== undefined && status >= 500) return 'again';
	return status !== undefined && ABOUT_THE_BODY.includes(status) ? 'halve' : 'none';
}
