import { deadlineOf } from './deadlineOf';
import type { DispatchRequest } from './DispatchRequest';
import type { Form } from './Form';
import { readFormat } from './readFormat';

/** The body for the sidecar: only what was filled in, under the names of its API. */
export function buildRequest(form: Form): DispatchRequest {
	const { options } = form;
	return filledIn({
		...form.asked,
		system: options.systemPrompt,
		task_type: form.taskType,
		complexity: form.complexity,
		objective: options.objective,
		priority: options.priority,
		explore: options.explore,
		requirements: filledIn({
			max_tokens: options.maxTokens,
			timeout: deadlineOf(options.timeout, form),
			min_quality: options.minQuality,
			format: readFormat(options.outputFormat?.is),
			privacy: options.privacy,
			temperature: options.temperature,
			capabilities: options.capabilities,
			on_infeasible: options.onInfeasible,
		}),
		model: form.model === 'auto' ? undefined : form.model,
		context: filledIn(form.context),
	}) as DispatchRequest;
}

function filledIn(fields: Record<string, unknown>): Record<string, unknown> {
	const isFilledIn = ([, value]: [string, unknown]) =>
		value !== undefined && value !== null && value !== '' && !isEmptyList(value);
	return Object.fromEntries(Object.entries(fields).filter(isFilledIn));
}

function isEmptyList(value: unknown): boolean {
	return Array.isArray(value) && value.length === 0;
}
