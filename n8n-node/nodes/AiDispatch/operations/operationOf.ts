import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { dispatchAll } from './dispatchAll';
import { explain } from './explain';
import { feedback } from './feedback';
import { forEachItem } from './forEachItem';
import { getJob } from './getJob';
import { getStatus } from './getStatus';
import { listModels } from './listModels';
import { submit } from './submit';

type Ask = (context: IExecuteFunctions, itemIndex: number) => Promise<IDataObject | IDataObject[]>;

/** What is asked about each item by itself; everything else is a prompt, and all of a run go to the sidecar together. */
const ASKED_AT_ONCE: Record<string, Ask> = {
	explain,
	feedback,
	get: getJob,
	getStatus,
	listModels,
	submit,
};

/** What an operation does with all items of a run, by its value. Values differ between resources, too. */
export function operationOf(
	value: string,
): (context: IExecuteFunctions) => Promise<INodeExecutionData[]> {
	const ask = ASKED_AT_ONCE[value];
	if (ask === undefined) return async (context) => await dispatchAll(context);
	return async (context) => await forEachItem(context, ask);
}
