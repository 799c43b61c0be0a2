import type { INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import type { Sdk } from './Sdk';

/**
 * What n8n gives to nodes that are models.
 * Loaded when it is needed, not with the file: an n8n without it would refuse the whole package, AI Dispatch included.
 */
export async function loadSdk(node: INode): Promise<Sdk> {
	try {
		return (await import('@n8n/ai-node-sdk')) as unknown as Sdk;
	} catch {
		throw new NodeOperationError(node, 'AI Dispatch Chat Model needs n8n 2.16 or newer', {
			description:
				'This n8n cannot take models from packages yet. The node AI Dispatch works here, too.',
			functionality: 'configuration-node',
		});
	}
}
