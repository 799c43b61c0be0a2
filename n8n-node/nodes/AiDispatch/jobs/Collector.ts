import type { Failure } from '../failure/Failure';
import type { Backoff } from './Backoff';
import { endingOf } from './endingOf';
import type { JobReply } from './JobReply';
import type { JobsApi } from './JobsApi';
import type { Ledger } from './Ledger';
import type { Outcome } from './Outcome';
import { remedyFor } from './remedyFor';

/** The sidecar lost its data folder, or the answer was asked for long ago and never arrived. */
const FORGOTTEN = ['job_not_found', 'job_expired'];

/** A question names every open job, so a large run does not ask after each single answer. */
const GATHER_PER_JOB_MS = 10;
const GATHER_MAX_MS = 1000;
const MANY = 50;

/** Asks for the jobs that are open until they are finished, through restarts of the sidecar. */
export class Collector {
	constructor(
		private readonly api: JobsApi,
		private readonly ledger: Ledger,
		private readonly backoff: Backoff,
	) {}

	/** The outcomes of the jobs that finish within `waitS`. */
	async collect(waitS: number): Promise<Outcome[]> {
		const askedAt = Date.now();
		const answer = await this.api.collect([...this.ledger.open.keys()], waitS);
		if ('failure' in answer) return this.unanswered(answer.failure);
		this.ledger.wasHeard = true;
		this.ledger.trouble = undefined;
		const outcomes = answer.reply.jobs.flatMap((job) => this.take(job));
		// Whoever answers "nothing yet" at once, instead of waiting, is not asked again at once.
		const wasHasty = outcomes.length === 0 && Date.now() < askedAt + 500 * waitS;
		if (wasHasty) this.backoff.later();
		else this.backoff.clear(gatherMs(this.ledger.open.size, outcomes.length));
		return outcomes;
	}

	private take(reply: JobReply): Outcome[] {
		const id = reply.job_id ?? '';
		const job = this.ledger.open.get(id);
		const ending = endingOf(reply);
		if (job === undefined || ending === undefined) return [];
		this.ledger.open.delete(id);
		if (this.isForgotten(reply) && !job.wasForgotten) {
			// Its answer may have been given and lost, and is not kept for long then: a known key would never give another.
			job.body = { ...job.body, idempotency_key: `${job.body.idempotency_key}.again` };
			job.wasForgotten = true;
			this.ledger.putBack([job]);
			return [];
		}
		return [{ itemIndex: job.itemIndex, ...ending }];
	}

	private isForgotten({ error }: JobReply): boolean {
		return FORGOTTEN.includes(String(error?.code));
	}

	private unanswered(failure: Failure): Outcome[] {
		const { status = 0, details } = failure;
		if (details.code === 'stopped') return [];
		// The jobs are safe where they are, so only a refusal of the question itself ends the asking.
		if (remedyFor(failure) === 'again' || status === 429 || status >= 500) {
			this.ledger.trouble = failure;
			this.backoff.later(details.retry_after_s);
			return [];
		}
		const outcomes = [...this.ledger.open.values()].map(({ itemIndex }) => ({
			itemIndex,
			failure,
		}));
		this.ledger.open.clear();
		return outcomes;
	}
}

/**
 * How long to let answers gather before the next question: n8n goes on only after the last, so nobody waits for it.
 * When many came at once, more are there already.
 */
function gatherMs(openCount: number, justCame: number): number {
	return justCame >= MANY ? 0 : Math.min(GATHER_MAX_MS, GATHER_PER_JOB_MS * openCount);
}
