import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';

import { listModels } from './reply/listModels';
import type { ModelsReply } from './reply/ModelsReply';
import { ask } from './http/ask';

const WAIT_S = 15;

/** The models to choose from in the Model field, those that match what was typed. */
export async function searchModels(
	this: ILoadOptionsFunctions,
	filter?: string,
): Promise<INodeListSearchResult> {
	const call = { method: 'GET', path: '/api/models', waitS: WAIT_S, proof: 'models' } as const;
	const { models } = await ask<ModelsReply>(this, call);
	return { results: listModels(models, filter) };
}
