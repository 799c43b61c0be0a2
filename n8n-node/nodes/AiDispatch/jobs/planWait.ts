import type { Ledger } from './Ledger';

/** When what may happen next, in epoch milliseconds, and how long a question may be held open, in seconds. */
interface Times {
	now: number;
	submitAt: number;
	pollAt: number;
	pollS: number;
}

/** How to spend the time until something is to be done: asking for open jobs for so long, or resting for so long. */
export function planWait(ledger: Ledger, times: Times): { pollS: number } | { restMs: number } {
	const { now, submitAt, pollAt, pollS } = times;
	const wakeAt = Math.min(ledger.hasRoom ? submitAt : Infinity, ledger.firstGiveUpAt);
	if (ledger.open.size > 0 && pollAt <= now) {
		return { pollS: Math.min(pollS, Math.max(0, Math.ceil((wakeAt - now) / 1000))) };
	}
	const restUntil = ledger.open.size > 0 ? Math.min(wakeAt, pollAt) : wakeAt;
	return { restMs: Math.max(0, restUntil - now) };
}
