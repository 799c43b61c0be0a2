import { deadlineOf } from './deadlineOf';
import type { DispatchRequest } from './DispatchRequest';
import type { Form } from './Form';
import { readFormat } from './readFormat';
import { readPrompt } from './readPrompt';

/** The body for the sidecar: only what was filled in, under the names of its API. */
export function buildRequest(form: Form): DispatchRequest {
	const { options } = form;
	return filledIn({
		prompt: readPrompt(form.prompt),
		system: options.systemPrompt,
		task_type: form.taskType,
		complexity: form.complexity,
		objective: options.objective,
		priority: options.priority,
		explore: options.explore,
		requirements: filledIn({
			max_tokens: options.maxTokens,
			timeout: deadlineOf(options.timeout, form.itemCount),
			min_quality: options.minQuality,
			format: readFormat(options.outputFormat?.is),
			privacy: options.privacy,
			temperature: options.temperature,
			on_infeasible: options.onInfeasible,
		}),
		model: form.model === 'auto' ? undefined : form.model,
		context: filledIn(form.context),
	}) as DispatchRequest;
}

function filledIn(fields: Record<string, unknown>): Record<string, unknown> {
	const isFilledIn = ([, value]: [string, unknown]) =>
		value !== undefined && value !== null && value !== '';
	return Object.fromEntries(Object.entries(fields).filter(isFilledIn));
}
