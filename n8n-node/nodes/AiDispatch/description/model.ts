import type { INodeProperties } from 'n8n-workflow';

/**
 * Which model must answer; `auto`, like an empty field, leaves the choice to the sidecar.
 * A resource locator, because a plain dropdown asks for its options before n8n has attached the credential.
 */
export const model: INodeProperties = {
	displayName: 'Model',
	name: 'model',
	type: 'resourceLocator',
	default: { mode: 'list', value: 'auto', cachedResultName: 'Automatic' },
	description:
		'Leave it automatic to let AI Dispatch choose, name the one model that must answer, or give an alias by ID, such as auto:fast',
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			typeOptions: { searchListMethod: 'searchModels', searchable: true },
		},
		{
			displayName: 'By ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. smollm2-135m-instruct or auto:fast',
		},
	],
};
