import type { IExecuteFunctions } from 'n8n-workflow';

import { readRequest } from '../request/readRequest';
import type { Job } from './Job';
import { nameRun } from './nameRun';

/** A job for each item of the run; those whose fields cannot be read are told to `fail` and left out. */
export function readJobs(
	context: IExecuteFunctions,
	fail: (itemIndex: number, error: unknown) => void,
): Job[] {
	const name = nameRun(context);
	return context.getInputData().flatMap((_item, itemIndex) => {
		try {
			const body = readRequest(context, itemIndex);
			return [{ itemIndex, body: { ...body, idempotency_key: `${name}.${itemIndex}` } }];
		} catch (error) {
			fail(itemIndex, error);
			return [];
		}
	});
}
