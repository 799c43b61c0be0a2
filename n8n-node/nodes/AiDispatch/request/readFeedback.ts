import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { UserError } from 'n8n-workflow';

const LONGEST_COMMENT = 500;

/** The body for one item, from the fields of the node; a comment that is too long is cut. */
export function readFeedback(context: IExecuteFunctions, itemIndex: number): IDataObject {
	const field = (name: string, fallback: unknown) =>
		context.getNodeParameter(name, itemIndex, fallback);
	const hasFailed = field('nextStepFailed', false) === true;
	const comment = String(field('comment', '') ?? '').slice(0, LONGEST_COMMENT);
	return {
		dispatch_id: readDispatchId(field('dispatchId', '')),
		...(hasFailed
			? { score: 0, source: 'next_step' }
			: { score: readScore(field('score', 1)), source: 'workflow' }),
		...(comment === '' ? {} : { comment }),
	};
}

function readDispatchId(value: unknown): string {
	const id = String(value ?? '').trim();
	if (id !== '') return id;
	throw new UserError("'Dispatch ID' is empty", {
		description:
			"Give the dispatch_id of the answer, such as {{ $('AI Dispatch').item.json.dispatch_id }}. The expression gave nothing for this item.",
	});
}

function readScore(value: unknown): number {
	const score = value === '' || value === null ? NaN : Number(value);
	if (score >= 0 && score <= 1) return score;
	throw new UserError("'Score' is not a number from 0 to 1", {
		description: 'Give 0 for an answer of no use, 1 for one as wished, or something in between.',
	});
}
