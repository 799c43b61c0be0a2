import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { ask } from '../http/ask';
import type { ModelsReply } from '../reply/ModelsReply';
import { simplifyModel } from '../reply/simplifyModel';

/** Nothing runs, so the answer comes at once. */
const WAIT_S = 29;

/** Every model of the sidecar, those that are switched off, too. */
export async function listModels(
	context: IExecuteFunctions,
	itemIndex: number,
): Promise<IDataObject[]> {
	const call = { method: 'GET', path: '/api/models', waitS: WAIT_S, proof: 'models' } as const;
	const { models } = await ask<ModelsReply>(context, call, itemIndex);
	return context.getNodeParameter('simplify', itemIndex) ? models.map(simplifyModel) : models;
}
