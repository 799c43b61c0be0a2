import type { Failure } from '../failure/Failure';
import type { Job } from './Job';

/** Where the jobs of one run are, and how it stands with the sidecar. */
export class Ledger {
	/** Those the sidecar has, by its id for them. */
	readonly open = new Map<string, Job>();

	/** Why the last call was in vain; nothing once one was answered. */
	trouble?: Failure;

	/** Whether anybody was ever there in this run. */
	wasHeard = false;

	private waiting: Job[];

	/**
	 * All jobs wait at first, in the order of their items. The sidecar has at most `openMax` of them at a time; the rest
	 * follows as these are done, and its time begins then.
	 */
	constructor(
		jobs: Job[],
		private readonly openMax: number,
	) {
		this.waiting = jobs;
	}

	/** Whether a job waits that the sidecar may have. */
	get hasRoom(): boolean {
		return this.waiting.length > 0 && this.open.size < this.openMax;
	}

	get isDone(): boolean {
		return this.waiting.length + this.open.size === 0;
	}

	/** When the first of all jobs is given up, in epoch milliseconds. */
	get firstGiveUpAt(): number {
		const all = [...this.waiting, ...this.open.values()];
		return all.reduce((first, { giveUpAt }) => Math.min(first, giveUpAt ?? Infinity), Infinity);
	}

	/** The next jobs to hand in. */
	takeWaiting(): Job[] {
		return this.waiting.splice(0, Math.max(0, this.openMax - this.open.size));
	}

	/** Jobs that were not accepted, in their place among those that wait. */
	putBack(jobs: Job[]): void {
		this.waiting = [...this.waiting, ...jobs].sort((a, b) => a.itemIndex - b.itemIndex);
	}

	/** Takes out the jobs that are to be given up; those the sidecar has are named by its id. */
	takeOverdue(now: number): { jobs: Job[]; ids: string[] } {
		const isOverdue = (job: Job) => (job.giveUpAt ?? Infinity) <= now;
		const ids = [...this.open].filter(([, job]) => isOverdue(job)).map(([id]) => id);
		const jobs = [...this.waiting, ...this.open.values()].filter(isOverdue);
		this.waiting = this.waiting.filter((job) => !isOverdue(job));
		for (const id of ids) this.open.delete(id);
		return { jobs, ids };
	}

	/** Takes out the jobs that the sidecar may have or not. */
	takeLost(): Job[] {
		const lost = this.waiting.filter(({ isLost }) => isLost);
		this.waiting = this.waiting.filter(({ isLost }) => !isLost);
		return lost;
	}
}
