import type * as AiNodeSdk from '@n8n/ai-node-sdk';
import type { ISupplyDataFunctions, SupplyData } from 'n8n-workflow';

/**
 * What we use of n8n's package for nodes that are models.
 * `supplyModel` is written down again: while we build, that package has an n8n-workflow of its own, of another version.
 */
export type Sdk = Pick<typeof AiNodeSdk, 'getParametersJsonSchema' | 'parseSSEStream'> & {
	supplyModel(context: ISupplyDataFunctions, model: AiNodeSdk.ChatModel): SupplyData;
};
