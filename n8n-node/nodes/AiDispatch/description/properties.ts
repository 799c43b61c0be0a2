import type { INodeProperties } from 'n8n-workflow';

import { callbackUrl } from './callbackUrl';
import { complexity } from './complexity';
import { feedback } from './feedback';
import { job } from './job';
import { messages } from './messages';
import { model } from './model';
import { ofJobs } from './operation/ofJobs';
import { ofPrompts } from './operation/ofPrompts';
import { ofSidecar } from './operation/ofSidecar';
import { options } from './options';
import { prompt } from './prompt';
import { resource } from './resource';
import { shownFor } from './shownFor';
import { simplify } from './simplify';
import { submit } from './submit';
import { taskType } from './taskType';

const ASKING = ['chat', 'dispatch', 'explain', 'submit'];
const ABOUT_JOBS_AND_SIDECAR = ['get', 'getStatus', 'listModels'];

/** The fields of the node, in the order the user sees them. */
export const properties: INodeProperties[] = [
	resource,
	ofPrompts,
	ofJobs,
	ofSidecar,
	...shownFor({ operation: ASKING }, taskType, complexity),
	...shownFor({ operation: ['dispatch', 'explain'] }, prompt),
	...shownFor({ operation: ['chat'] }, ...messages),
	...submit,
	...shownFor({ operation: ASKING }, model),
	callbackUrl,
	...feedback,
	...job,
	...shownFor({ operation: [...ASKING, ...ABOUT_JOBS_AND_SIDECAR] }, simplify),
	...shownFor({ operation: ASKING }, options),
];
