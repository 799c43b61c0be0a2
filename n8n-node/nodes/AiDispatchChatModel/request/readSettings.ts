import type { ISupplyDataFunctions } from 'n8n-workflow';

import type { Settings } from './Settings';

/** The fields of the node as they are for one item. */
export function readSettings(context: ISupplyDataFunctions, itemIndex: number): Settings {
	const field = (name: string, fallback: unknown) =>
		context.getNodeParameter(name, itemIndex, fallback);
	return {
		model: context.getNodeParameter('model', itemIndex, '', { extractValue: true }),
		taskType: field('taskType', 'auto'),
		complexity: field('complexity', 'auto'),
		options: field('options', {}) as Settings['options'],
		workflowId: context.getWorkflow().id,
		nodeId: context.getNode().id,
	};
}
