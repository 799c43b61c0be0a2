import type { IDataObject } from 'n8n-workflow';

import type { ModelsReply } from './ModelsReply';

/** What a workflow chooses by: what a model can do, what it takes, and whether it is there. */
const TOLD = [
	'id',
	'name',
	'state',
	'enabled',
	'weights',
	'task_types',
	'capabilities',
	'parameters_b',
	'engine',
	'host',
	'memory_mib',
	'context_tokens',
	'reason',
];

/** The fields a workflow uses of one model. */
export function simplifyModel(model: ModelsReply['models'][number]): IDataObject {
	return Object.fromEntries(TOLD.map((name) => [name, model[name] ?? null]));
}
