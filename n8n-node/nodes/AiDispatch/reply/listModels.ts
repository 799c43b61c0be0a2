import type { INodeListSearchItems } from 'n8n-workflow';

import type { ModelsReply } from './ModelsReply';

type Model = ModelsReply['models'][number];

/** The entries of the model list: the sidecar's choice first, then every enabled model that writes and matches, by name. */
export function listModels(models: Model[], filter = ''): INodeListSearchItems[] {
	const wanted = filter.trim().toLowerCase();
	const entries = [
		{ name: 'Automatic', value: 'auto' },
		...models
			.filter((model) => model.enabled && model.task_types.some((task) => task !== 'embedding'))
			.map(entry)
			.sort((a, b) => a.name.localeCompare(b.name)),
	];
	return entries.filter(({ name, value }) => `${name} ${value}`.toLowerCase().includes(wanted));
}

function entry({ id, name, weights }: Model): { name: string; value: string } {
	return { name: weights === 'present' ? name : `${name} (weights ${weights})`, value: id };
}
