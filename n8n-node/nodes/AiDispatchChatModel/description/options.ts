import type { INodeProperties } from 'n8n-workflow';

import { options as ofPrompts } from '../../AiDispatch/description/options';
import { responseFormat } from './responseFormat';
import { timeout } from './timeout';

/** What means the same here as in the node for prompts. */
const SHARED = new Set([
	'explore',
	'maxTokens',
	'minQuality',
	'objective',
	'privacy',
	'temperature',
]);

/** What most workflows leave alone. */
export const options: INodeProperties = {
	...ofPrompts,
	options: [...shared(), responseFormat, timeout].sort((a, b) =>
		a.displayName.localeCompare(b.displayName),
	),
};

function shared(): INodeProperties[] {
	return (ofPrompts.options as INodeProperties[]).filter(({ name }) => SHARED.has(name));
}
