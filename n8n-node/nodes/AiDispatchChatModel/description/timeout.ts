import type { INodeProperties } from 'n8n-workflow';

/** How long one call may take. */
export const timeout: INodeProperties = {
	displayName: 'Timeout',
	name: 'timeout',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 300,
	description:
		'Seconds that one call may take, waiting and loading included; an agent makes several. AI Dispatch prefers models that can make it, and when there is none answers with whichever comes nearest.',
};
