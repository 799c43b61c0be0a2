import type { IExecuteFunctions } from 'n8n-workflow';
import { sleep } from 'n8n-workflow';

import { apiError } from '../failure/apiError';
import { wordSilence } from '../failure/wordSilence';
import { Backoff } from './Backoff';
import { Collector } from './Collector';
import type { Job } from './Job';
import { JobsApi } from './JobsApi';
import { Ledger } from './Ledger';
import type { Outages } from './Outages';
import type { Outcome } from './Outcome';
import type { Pace } from './Pace';
import { planWait } from './planWait';
import { Submitter } from './Submitter';
import { wordNoResult } from './wordNoResult';

/**
 * How each job ended, as it ends; those that end together in the order of their items.
 *
 * The sidecar keeps an accepted job whatever happens to it or to the connection, so what gets no answer is asked again
 * until the job's time is up. Leaving early, for whatever reason, cancels what is still open.
 */
export async function* runJobs(
	context: IExecuteFunctions,
	jobs: Job[],
	{ pace, openMax, outages }: { pace: Pace; openMax: number; outages: Outages },
): AsyncGenerator<Outcome, void, void> {
	const api = new JobsApi(context, pace.requestS);
	const ledger = new Ledger(jobs, openMax);
	const submitting = new Backoff(pace);
	const polling = new Backoff(pace);
	const submitter = new Submitter(api, ledger, submitting, pace);
	const collector = new Collector(api, ledger, polling);
	const signal = context.getExecutionCancelSignal();
	const isStopped = () => signal?.aborted === true;
	try {
		while (!ledger.isDone) {
			yield* inOrder(await submitter.submit(isStopped));
			outages.note(ledger.trouble);
			if (isStopped()) throw apiError(wordSilence('ERR_CANCELED', '', '', 0), context.getNode());
			const [submitAt, pollAt] = [submitting.until, polling.until];
			const plan = planWait(ledger, { now: Date.now(), submitAt, pollAt, pollS: pace.pollS });
			if ('pollS' in plan) yield* inOrder(await collector.collect(plan.pollS));
			else if (!ledger.isDone) await sleep(plan.restMs, signal).catch(() => undefined);
			outages.note(ledger.trouble);
			yield* inOrder(await giveUp(api, ledger));
		}
	} finally {
		await cancel(api, [...ledger.open.keys(), ...(await submitter.findLost())]);
	}
}

function inOrder(outcomes: Outcome[]): Outcome[] {
	return outcomes.sort((a, b) => a.itemIndex - b.itemIndex);
}

async function giveUp(api: JobsApi, ledger: Ledger): Promise<Outcome[]> {
	const { jobs, ids } = ledger.takeOverdue(Date.now());
	await cancel(api, ids);
	return jobs.map(({ itemIndex, body }) => ({
		itemIndex,
		failure: ledger.trouble ?? wordNoResult(body.requirements.timeout),
	}));
}

/** If it is in vain, the jobs end at their deadlines. */
async function cancel(api: JobsApi, ids: string[]): Promise<void> {
	if (ids.length > 0) await api.cancel(ids);
}
