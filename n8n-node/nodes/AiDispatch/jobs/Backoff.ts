import type { Pace } from './Pace';

/** The longest pause that is taken on the word of the sidecar: room may be there sooner than it thinks. */
const ASKED_FOR_MAX_S = 30;

/** When to ask again a sidecar that was silent or busy: later each time, at once after it answered. */
export class Backoff {
	/** Epoch milliseconds; nothing is asked before. */
	until = 0;

	private times = 0;

	constructor(private readonly pace: Pace) {}

	/** Puts the next question off, for as long as the sidecar said if it said so. */
	later(askedForS?: unknown): void {
		const { pauseS, pauseMaxS } = this.pace;
		const grownS = Math.min(pauseMaxS, pauseS * 2 ** this.times++);
		const waitS = typeof askedForS === 'number' ? Math.min(ASKED_FOR_MAX_S, askedForS) : 0;
		this.until = Date.now() + 1000 * Math.max(grownS, waitS);
	}

	/** Forgets all failures; the next question may come at once, or after a while that has nothing to do with them. */
	clear(inMs = 0): void {
		this.until = Date.now() + inMs;
		this.times = 0;
	}
}
