import type { INodeProperties } from 'n8n-workflow';

import { complexity } from '../../AiDispatch/description/complexity';
import { model } from '../../AiDispatch/description/model';
import { taskType } from '../../AiDispatch/description/taskType';
import { options } from './options';

/** The fields of the node, in the order the user sees them. */
export const properties: INodeProperties[] = [model, taskType, complexity, options];
