import type { IDataObject } from 'n8n-workflow';

import type { Failure } from './Failure';

/** The sidecar's own words for an error object of its API, and what to do next; nothing when it is not one. */
export function wordError(error: unknown): Failure | undefined {
	if (typeof error !== 'object' || error === null) return undefined;
	const { message, ...details } = Object.fromEntries(
		Object.entries(error).filter(([, value]) => value !== null),
	) as IDataObject;
	if (typeof message !== 'string' || message === '') return undefined;
	return { message, description: advise(details), details };
}

function advise({ code, retryable, retry_after_s, feasible_in_s, dispatch_id }: IDataObject) {
	const advice = [];
	if (code === 'deadline_infeasible' && typeof feasible_in_s === 'number')
		advice.push(
			`In this node: give Options → Timeout at least ${Math.ceil(feasible_in_s)} s, or set Options → If No Model Is Fast Enough to Try Anyway.`,
		);
	if (retryable === true) advice.push(`Trying again ${when(retry_after_s)} may help.`);
	if (dispatch_id) advice.push(`Dispatch ${String(dispatch_id)}.`);
	return advice.join(' ');
}

function when(seconds: IDataObject[string]): string {
	return typeof seconds === 'number' ? `in ${Math.ceil(seconds)} s` : 'later';
}
