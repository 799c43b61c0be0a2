import type { INodeProperties } from 'n8n-workflow';

import { complexity } from './complexity';
import { feedback } from './feedback';
import { model } from './model';
import { operation } from './operation';
import { options } from './options';
import { prompt } from './prompt';
import { simplify } from './simplify';
import { taskType } from './taskType';

/** The fields of the node, in the order the user sees them. */
export const properties: INodeProperties[] = [
	operation,
	...[taskType, complexity, prompt, model, simplify, options].map((field) => ({
		...field,
		displayOptions: { show: { operation: ['dispatch', 'explain'] } },
	})),
	...feedback,
];
