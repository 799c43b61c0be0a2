import type {
	INodeType,
	INodeTypeDescription,
	ISupplyDataFunctions,
	SupplyData,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { searchModels } from '../AiDispatch/searchModels';
import { properties } from './description/properties';
import { DispatchChatModel } from './DispatchChatModel';
import { loadSdk } from './loadSdk';
import { readSettings } from './request/readSettings';

/** The sub-node: a chat model for chains and agents, which for every call is the one the sidecar chooses. */
export class AiDispatchChatModel implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'AI Dispatch Chat Model',
		name: 'aiDispatchChatModel',
		icon: { light: 'file:../../icons/dispatch.svg', dark: 'file:../../icons/dispatch.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{$parameter["taskType"]}}',
		description: 'For chains and agents: every call goes to the local model that suits it best',
		defaults: { name: 'AI Dispatch Chat Model' },
		inputs: [],
		outputs: [NodeConnectionTypes.AiLanguageModel],
		outputNames: ['Model'],
		credentials: [{ name: 'aiDispatchApi', required: true }],
		properties,
	};

	methods = { listSearch: { searchModels } };

	/** The model, with the fields of the node as they are for this item. */
	async supplyData(this: ISupplyDataFunctions, itemIndex: number): Promise<SupplyData> {
		const sdk = await loadSdk(this.getNode());
		return sdk.supplyModel(this, new DispatchChatModel(this, sdk, readSettings(this, itemIndex)));
	}
}
