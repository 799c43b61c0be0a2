import type { INodeProperties } from 'n8n-workflow';

/** How much of a run the sidecar has at once. */
export const batchSize: INodeProperties = {
	displayName: 'Batch Size',
	name: 'batchSize',
	type: 'number',
	typeOptions: { minValue: 1, maxValue: 1000, numberPrecision: 0 },
	default: 1000,
	displayOptions: { show: { '/operation': ['chat', 'dispatch'] } },
	description:
		'How many items of the run the sidecar has at a time; the rest follows as these are done, and their time begins then. With fewer, other workflows get their turn sooner; with more, models are swapped less often. That of the first item counts.',
};
