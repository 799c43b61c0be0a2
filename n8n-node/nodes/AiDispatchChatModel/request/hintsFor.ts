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
		'task-type': unlessAuto(settings.taskType),
		complexity: unlessAuto(settings.complexity),
		objective: options.objective,
		timeout: timeoutOf(options.timeout),
		'min-quality': options.minQuality,
		privacy: options.privacy,
		explore: options.explore,
		'workflow-id': settings.workflowId,
		'node-id': settings.nodeId,
	};
	const said = Object.entries(hints).filter(([, value]) => (value ?? '') !== '');
	return Object.fromEntries(said.map(([name, value]) => [`x-dispatch-${name}`, written(value)]));
}

/** Auto is left unsaid: what the model's name says of the work, such as `auto:code`, holds then. */
function unlessAuto(value: unknown): unknown {
	return value === 'auto' ? undefined : value;
}

/** The value as a header may hold it: in an expression somebody may have written anything. */
function written(value: unknown): string {
	return String(value).replace(/[^\x20-\x7e]+/g, encodeURIComponent);
}
