import type { IExecuteFunctions } from 'n8n-workflow';

import type { Failure } from '../failure/Failure';

/** Why a call was in vain when nobody was there to answer it. */
const AWAY = ['connection_lost', 'no_answer', 'unreachable'];

/** When the sidecar was away in the middle of a run: told in the browser's console, and summed up in the end. */
export class Outages {
	private times = 0;
	private awayMs = 0;
	private since?: number;

	constructor(private readonly context: IExecuteFunctions) {}

	/** Takes down why the last call was in vain, or that it was not. */
	note(trouble?: Failure): void {
		const isAway = AWAY.includes(String(trouble?.details.code));
		if (isAway && this.since === undefined) this.begin(trouble!);
		if (!isAway && this.since !== undefined) this.end(this.since);
	}

	/** "AI Dispatch was away once, for 4 s, and nothing was lost"; nothing when it never was. */
	toString(): string {
		if (this.times === 0) return '';
		const often = this.times === 1 ? 'once' : `${this.times} times`;
		return `AI Dispatch was away ${often}, for ${inSeconds(this.awayMs)}, and nothing was lost`;
	}

	private begin({ message }: Failure): void {
		this.since = Date.now();
		this.context.sendMessageToUI(
			`${message} – what it accepted is safe, and the node goes on asking until the items' time is up`,
		);
	}

	private end(since: number): void {
		const lastedMs = Date.now() - since;
		this.times++;
		this.awayMs += lastedMs;
		this.since = undefined;
		this.context.sendMessageToUI(`AI Dispatch is back after ${inSeconds(lastedMs)}`);
	}
}

function inSeconds(ms: number): string {
	return `${Math.max(1, Math.round(ms / 1000))} s`;
}
