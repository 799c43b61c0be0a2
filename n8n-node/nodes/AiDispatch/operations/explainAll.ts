import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { asNodeError } from '../failure/asNodeError';
import { failedItem } from '../failure/failedItem';
import { inParallel } from '../inParallel';
import { explain } from './explain';

/** Items that are asked about at the same time. */
const AT_ONCE = 8;

/** Which model would answer each item, and why. */
export async function explainAll(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	return await inParallel(context.getInputData().length, AT_ONCE, async (itemIndex) => {
		try {
			return { json: await explain(context, itemIndex), pairedItem: { item: itemIndex } };
		} catch (error) {
			const nodeError = asNodeError(error, context.getNode(), itemIndex);
			if (!context.continueOnFail()) throw nodeError;
			return failedItem(nodeError, context.getNode(), itemIndex);
		}
	});
}
