import type { DispatchReply } from './DispatchReply';

/** Ways of answering for which a model was loaded; others joined a load or needed none. */
const LOADING = ['load', 'evict'];

/** Who answered the items of a run, and what it took. */
export class Tally {
	private readonly answeredBy = new Map<string, number>();
	private failed = 0;
	private loads = 0;

	/** Counts one item: its reply, or nothing when it failed. */
	count(reply?: DispatchReply): void {
		if (reply === undefined) {
			this.failed++;
			return;
		}
		this.answeredBy.set(reply.model, (this.answeredBy.get(reply.model) ?? 0) + 1);
		if (LOADING.includes(reply.decision.way)) this.loads++;
	}

	/** How many items were counted. */
	get items(): number {
		return [...this.answeredBy.values()].reduce((sum, each) => sum + each, this.failed);
	}

	/** One sentence: "50 items: 34 by small, 16 by big; 2 model loads". */
	toString(): string {
		const models = [...this.answeredBy].sort(([, a], [, b]) => b - a);
		const shares = models.map(([model, count]) => `${count} by ${model}`);
		if (this.failed > 0) shares.push(`${this.failed} failed`);
		const loads = this.loads === 1 ? '1 model load' : `${this.loads} model loads`;
		return `${this.items} items: ${shares.join(', ')}; ${loads}`;
	}
}
