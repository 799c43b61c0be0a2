import type { IExecuteFunctions } from 'n8n-workflow';

/** How often the node ran before in this execution, as in a loop: the same item of the same run again is a retry. */
export function runIndexOf(context: IExecuteFunctions): number {
	return Number(context.getWorkflowDataProxy(0).$runIndex ?? 0);
}
