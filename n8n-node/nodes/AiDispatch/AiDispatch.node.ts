import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { properties } from './description/properties';
import { asNodeError } from './failure/asNodeError';
import { failedItem } from './failure/failedItem';
import { inParallel } from './inParallel';
import { dispatch } from './operations/dispatch';
import { explain } from './operations/explain';
import { searchModels } from './searchModels';

/** Items of one run that are with the sidecar at the same time; it queues them itself. */
const AT_ONCE = 8;

/** The node: every item is a prompt that the sidecar answers with a model of its choice. */
export class AiDispatch implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'AI Dispatch',
		name: 'aiDispatch',
		icon: { light: 'file:../../icons/dispatch.svg', dark: 'file:../../icons/dispatch.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle:
			'={{$parameter["operation"] === "explain" ? "explain" : "dispatch"}}: {{$parameter["taskType"]}}',
		description: 'Get an answer from the local model that suits the prompt best',
		defaults: { name: 'AI Dispatch' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'aiDispatchApi', required: true }],
		properties,
	};

	methods = { listSearch: { searchModels } };

	/** One item out for each item in, in the same order. */
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const answer = async (itemIndex: number): Promise<INodeExecutionData> => {
			try {
				const run =
					this.getNodeParameter('operation', itemIndex) === 'explain' ? explain : dispatch;
				return { json: await run(this, itemIndex), pairedItem: { item: itemIndex } };
			} catch (error) {
				const nodeError = asNodeError(error, this.getNode(), itemIndex);
				if (!this.continueOnFail()) throw nodeError;
				return failedItem(nodeError, this.getNode(), itemIndex);
			}
		};
		return [await inParallel(this.getInputData().length, AT_ONCE, answer)];
	}
}
