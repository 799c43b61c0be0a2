import type { IExecuteFunctions } from 'n8n-workflow';

const EVERY_MS = 1000;

/**
 * How far a run is, told about once a second to whoever runs the workflow by hand: in the browser's console, for n8n
 * shows nothing of a node while it runs.
 */
export class Progress {
	private toldAt = Date.now();

	constructor(
		private readonly context: IExecuteFunctions,
		private readonly count: number,
	) {}

	/** Tells it, unless it was just told, or goes without saying. */
	tell(done: number): void {
		if (this.count === 1 || Date.now() < this.toldAt + EVERY_MS) return;
		this.toldAt = Date.now();
		this.context.sendMessageToUI(`${done} of ${this.count} items are done`);
	}
}
