import type { IDataObject } from 'n8n-workflow';

import type { Settings } from './Settings';
import { timeoutOf } from './timeoutOf';

/**
 * The headers that tell the sidecar how to choose.
 * They name the workflow and the node but no item: an agent calls several times for one item, and calls for the same
 * item are taken for new tries of an answer that was not good enough.
 */
export function hintsFor(settings: Settings): IDataObject {
	const { options } = settings;
	const hints = {
		'task-type': settings.taskType,
		complexity: settings.complexity,
		objective: options.objective,
		timeout: timeoutOf(options.timeout),
		// A chain or an agent is of no use without an answer.
		'on-infeasible': 'best_effort',
		'min-quality': options.minQuality,
		privacy: options.privacy,
		explore: options.explore,
		'workflow-id': settings.workflowId,
		'node-id': settings.nodeId,
	};
	const said = Object.entries(hints).filter(([, value]) => value !== undefined && value !== '');
	return Object.fromEntries(said.map(([name, value]) => [`x-dispatch-${name}`, written(value)]));
}

/** The value as a header may hold it: in an expression somebody may have written anything. */
function written(value: unknown): string {
	return String(value).replace(/[^\x20-\x7e]/g, encodeURIComponent);
}
