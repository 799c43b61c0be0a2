import type { Failure } from '../failure/Failure';
import { wordError } from '../failure/wordError';
import type { Backoff } from './Backoff';
import { endingOf } from './endingOf';
import { intoBatches } from './intoBatches';
import type { Job } from './Job';
import type { JobReply } from './JobReply';
import type { JobsApi } from './JobsApi';
import type { Ledger } from './Ledger';
import type { Outcome } from './Outcome';
import type { Pace } from './Pace';
import { remedyFor } from './remedyFor';

/** What the sidecar puts before its words about one job of many. */
const PLACE = /^jobs\[\d+\](\.|: )/;

/** For a job the sidecar has nothing to say about, which it never does. */
const LEFT_OUT: JobReply = {
	error: { code: 'not_ai_dispatch', message: 'AI Dispatch did not say what became of this item' },
};

/** Hands in the jobs that wait. One whose answer was lost is handed in again under its key, so it never runs twice. */
export class Submitter {
	private readonly startedAt = Date.now();

	constructor(
		private readonly api: JobsApi,
		private readonly ledger: Ledger,
		private readonly backoff: Backoff,
		private readonly pace: Pace,
	) {}

	/** Hands in all that may go now; the outcomes of those that ended with it. */
	async submit(isStopped: () => boolean): Promise<Outcome[]> {
		const outcomes: Outcome[] = [];
		const batches = intoBatches(this.ledger.takeWaiting());
		for (const batch of batches) {
			if (isStopped() || Date.now() < this.backoff.until) {
				this.ledger.putBack(batch);
				continue;
			}
			this.begin(batch);
			const answer = await this.api.submit(batch);
			if ('reply' in answer) outcomes.push(...this.handedIn(batch, answer.reply.jobs));
			else if (batch.length > 1 && remedyFor(answer.failure) === 'halve')
				batches.push(...halves(batch));
			else outcomes.push(...this.refused(batch, answer.failure));
		}
		return outcomes;
	}

	/** The ids of jobs that were sent and of which nobody knows if they were accepted: sent again, they get one. */
	async findLost(): Promise<string[]> {
		const ids: string[] = [];
		for (const batch of intoBatches(this.ledger.takeLost())) {
			const answer = await this.api.submit(batch);
			if ('reply' in answer) ids.push(...answer.reply.jobs.flatMap(({ job_id }) => job_id ?? []));
		}
		return ids;
	}

	private begin(batch: Job[]): void {
		const now = Date.now();
		for (const job of batch) {
			job.isLost = true;
			job.giveUpAt ??= now + 1000 * (job.body.requirements.timeout + this.pace.marginS);
		}
	}

	private handedIn(batch: Job[], replies: JobReply[]): Outcome[] {
		this.ledger.wasHeard = true;
		this.ledger.trouble = undefined;
		this.backoff.clear();
		const unplaced: Job[] = [];
		const outcomes = batch.flatMap((job, index) => {
			const reply = replies[index] ?? LEFT_OUT;
			const refusal = refusalIn(reply);
			if (refusal === undefined || remedyFor(refusal) !== 'again')
				return this.take(job, reply, refusal);
			this.ledger.trouble = refusal;
			unplaced.push(job);
			return [];
		});
		this.wait(unplaced);
		return outcomes;
	}

	private take(job: Job, reply: JobReply, failure?: Failure): Outcome[] {
		const { itemIndex } = job;
		job.isLost = false;
		if (failure !== undefined) return [{ itemIndex, failure }];
		const ending = endingOf(reply);
		if (ending !== undefined) return [{ itemIndex, ...ending }];
		this.ledger.open.set(String(reply.job_id), job);
		return [];
	}

	/** For jobs there is no room for yet: their time has not begun, unless nothing of ours is left to make room. */
	private wait(unplaced: Job[]): void {
		if (unplaced.length === 0) return;
		for (const job of unplaced) {
			job.isLost = false;
			if (this.ledger.open.size > 0) job.giveUpAt = undefined;
		}
		this.putOff(unplaced, this.ledger.trouble);
	}

	private refused(batch: Job[], failure: Failure): Outcome[] {
		const wasThere = failure.status !== undefined || failure.details.code === 'connection_lost';
		this.ledger.wasHeard ||= wasThere;
		const isLookingFor = Date.now() < this.startedAt + 1000 * this.pace.firstContactS;
		if (remedyFor(failure) === 'again' && (this.ledger.wasHeard || isLookingFor)) {
			this.putOff(batch, failure);
			return [];
		}
		return batch.map(({ itemIndex }) => ({ itemIndex, failure }));
	}

	private putOff(jobs: Job[], failure?: Failure): void {
		this.ledger.putBack(jobs);
		this.ledger.trouble = failure;
		this.backoff.later(failure?.details.retry_after_s);
	}
}

/** Why a job was not taken, without its place in the batch, for n8n itself says which item it is. */
function refusalIn({ state, error }: JobReply): Failure | undefined {
	if (state !== undefined || !error) return undefined;
	return wordError({ ...error, message: String(error.message).replace(PLACE, '') });
}

function halves(batch: Job[]): Job[][] {
	const middle = Math.ceil(batch.length / 2);
	return [batch.slice(0, middle), batch.slice(middle)];
}
