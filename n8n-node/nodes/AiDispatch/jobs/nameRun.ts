import type { IExecuteFunctions } from 'n8n-workflow';
import { randomString } from 'n8n-workflow';

import { runIndexOf } from '../request/runIndexOf';

/**
 * What the keys of this run's jobs begin with: execution, node, run of the node, and this try of it.
 *
 * The try has to be part of it. n8n's Retry On Fail calls the node again with the same execution and run and does not
 * say which try it is, and a new try must not get the old failure. Execution ids begin with 1 in every n8n, and imported
 * workflows keep the ids of their nodes, so without it another n8n's answers could come back, too.
 * n8n never resumes a node in the middle of a run, so nobody needs the same name later.
 */
export function nameRun(context: IExecuteFunctions): string {
	return [
		context.getExecutionId(),
		context.getNode().id,
		runIndexOf(context),
		randomString(12),
	].join('.');
}
