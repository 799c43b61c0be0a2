import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { asNodeError } from '../failure/asNodeError';
import { failedItem } from '../failure/failedItem';
import { inParallel } from '../inParallel';

/** Items that are asked about at the same time. */
const AT_ONCE = 8;

/** What the sidecar says to each item, for what it answers at once: one item out for each thing it says. */
export async function forEachItem(
	context: IExecuteFunctions,
	ask: (context: IExecuteFunctions, itemIndex: number) => Promise<IDataObject | IDataObject[]>,
): Promise<INodeExecutionData[]> {
	const said = await inParallel(context.getInputData().length, AT_ONCE, async (itemIndex) => {
		try {
			const replies = [await ask(context, itemIndex)].flat();
			return replies.map((json) => ({ json, pairedItem: { item: itemIndex } }));
		} catch (error) {
			const nodeError = asNodeError(error, context.getNode(), itemIndex);
			if (!context.continueOnFail()) throw nodeError;
			return [failedItem(nodeError, context.getNode(), itemIndex)];
		}
	});
	return said.flat();
}
