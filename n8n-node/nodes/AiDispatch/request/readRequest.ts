import type { IExecuteFunctions } from 'n8n-workflow';

import { buildRequest } from './buildRequest';
import type { DispatchRequest } from './DispatchRequest';
import type { Form } from './Form';
import { readAsked } from './readAsked';
import { runIndexOf } from './runIndexOf';

/** The body for one item, from the fields of the node. */
export function readRequest(context: IExecuteFunctions, itemIndex: number): DispatchRequest {
	const field = (name: string) => context.getNodeParameter(name, itemIndex);
	return buildRequest({
		asked: readAsked(context, itemIndex),
		taskType: field('taskType'),
		complexity: field('complexity'),
		model: context.getNodeParameter('model', itemIndex, '', { extractValue: true }),
		options: field('options') as Form['options'],
		itemCount: context.getInputData().length,
		isJob: context.getNodeParameter('operation', itemIndex, '') === 'submit',
		context: {
			workflow_id: context.getWorkflow().id,
			node_id: context.getNode().id,
			execution_id: context.getExecutionId(),
			item_index: itemIndex,
			run_index: runIndexOf(context),
		},
	});
}
