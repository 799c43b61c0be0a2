import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { properties } from './description/properties';
import { dispatchAll } from './operations/dispatchAll';
import { explain } from './operations/explain';
import { feedback } from './operations/feedback';
import { forEachItem } from './operations/forEachItem';
import { searchModels } from './searchModels';

/** The node: every item is a prompt that the sidecar answers with a model of its choice, or a word on such an answer. */
export class AiDispatch implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'AI Dispatch',
		name: 'aiDispatch',
		icon: { light: 'file:../../icons/dispatch.svg', dark: 'file:../../icons/dispatch.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle:
			'={{$parameter["operation"] === "feedback" ? "send feedback" : $parameter["operation"] + ": " + $parameter["taskType"]}}',
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
		const operation = this.getNodeParameter('operation', 0);
		if (operation === 'explain') return [await forEachItem(this, explain)];
		if (operation === 'feedback') return [await forEachItem(this, feedback)];
		return [await dispatchAll(this)];
	}
}
