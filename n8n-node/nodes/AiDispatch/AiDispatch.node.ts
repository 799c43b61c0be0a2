import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { properties } from './description/properties';
import { operationOf } from './operations/operationOf';
import { searchModels } from './searchModels';

/** The node: every item is a prompt that the sidecar answers with a model of its choice, or a question about such answers. */
export class AiDispatch implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'AI Dispatch',
		name: 'aiDispatch',
		icon: { light: 'file:../../icons/dispatch.svg', dark: 'file:../../icons/dispatch.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle:
			'={{ ({ feedback: "send feedback", get: "get a job", getStatus: "get the status", listModels: "list models", submit: "submit a job" })[$parameter["operation"]] || $parameter["operation"] + ": " + $parameter["taskType"] }}',
		description: 'Get an answer from the local model that suits the prompt best',
		defaults: { name: 'AI Dispatch' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'aiDispatchApi', required: true }],
		properties,
	};

	methods = { listSearch: { searchModels } };

	/** One item out for each item in, in the same order; only List Models gives several. */
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const run = operationOf(this.getNodeParameter('operation', 0) as string);
		return [await run(this)];
	}
}
