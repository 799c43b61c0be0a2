import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { apiError } from '../failure/apiError';
import { asNodeError } from '../failure/asNodeError';
import { failedItem } from '../failure/failedItem';
import { Outages } from '../jobs/Outages';
import type { Pace } from '../jobs/Pace';
import { readJobs } from '../jobs/readJobs';
import { runJobs } from '../jobs/runJobs';
import type { DispatchReply } from '../reply/DispatchReply';
import { Progress } from '../reply/Progress';
import { simplifyDispatch } from '../reply/simplifyDispatch';
import { Tally } from '../reply/Tally';
import type { Form } from '../request/Form';
import { readBatchSize } from '../request/readBatchSize';

const PACE: Pace = {
	pollS: 20,
	requestS: 29,
	pauseS: 0.25,
	pauseMaxS: 5,
	firstContactS: 10,
	marginS: 15,
};

/**
 * The answers to all items, each in its place, by the models the sidecar chose.
 * The first item that fails ends the run and cancels the others, unless the workflow goes on after errors.
 */
export async function dispatchAll(
	context: IExecuteFunctions,
	pace = PACE,
): Promise<INodeExecutionData[]> {
	const node = context.getNode();
	const count = context.getInputData().length;
	const items = new Array<INodeExecutionData>(count);
	const tally = new Tally();
	const progress = new Progress(context, count);
	const outages = new Outages(context);
	const succeed = (itemIndex: number, reply: DispatchReply) => {
		const isSimple = context.getNodeParameter('simplify', itemIndex);
		const json = isSimple ? simplifyDispatch(reply) : { ...reply };
		items[itemIndex] = { json, pairedItem: { item: itemIndex } };
		tally.count(reply);
	};
	const fail = (itemIndex: number, error: unknown) => {
		const nodeError = asNodeError(error, node, itemIndex);
		if (!context.continueOnFail()) throw nodeError;
		items[itemIndex] = failedItem(nodeError, node, itemIndex);
		tally.count();
	};

	const jobs = readJobs(context, fail);
	const options = context.getNodeParameter('options', 0, {}) as Form['options'];
	const openMax = readBatchSize(options.batchSize);
	for await (const outcome of runJobs(context, jobs, { pace, openMax, outages })) {
		const { itemIndex } = outcome;
		if ('reply' in outcome) succeed(itemIndex, outcome.reply);
		else fail(itemIndex, apiError(outcome.failure, node, itemIndex));
		progress.tell(tally.items);
	}
	const said = [count > 1 ? tally.toString() : '', outages.toString()].filter(Boolean).join('. ');
	if (said) context.addExecutionHints({ message: said, location: 'outputPane' });
	return items;
}
