import type { IExecuteFunctions } from 'n8n-workflow';

/**
 * The same context, except that its requests are carried through although the execution was stopped: without it, n8n
 * would break off the very request that tells the sidecar to stop.
 */
export function deafToStop(context: IExecuteFunctions): IExecuteFunctions {
	return Object.create(context, {
		getExecutionCancelSignal: { value: () => undefined },
	}) as IExecuteFunctions;
}
