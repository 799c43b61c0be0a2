import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';

const displayOptions: IDisplayOptions = { show: { operation: ['feedback'] } };

/** What is said of an answer that was given before. */
export const feedback: INodeProperties[] = [
	{
		displayName: 'Dispatch ID',
		name: 'dispatchId',
		type: 'string',
		default: '={{ $json.dispatch_id }}',
		required: true,
		placeholder: "e.g. {{ $('AI Dispatch').item.json.dispatch_id }}",
		description:
			'Which answer it is about: the dispatch_id of the item that Dispatch a Prompt gave',
		displayOptions,
	},
	{
		displayName: 'The Next Step Failed',
		name: 'nextStepFailed',
		type: 'boolean',
		default: false,
		description:
			'Whether the answer was of no use because what came next in the workflow failed with it',
		displayOptions,
	},
	{
		displayName: 'Score',
		name: 'score',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 1, numberPrecision: 2 },
		default: 1,
		description: 'How good the answer was, from 0 (of no use) to 1 (as wished)',
		displayOptions: { show: { operation: ['feedback'], nextStepFailed: [false] } },
	},
	{
		displayName: 'Comment',
		name: 'comment',
		type: 'string',
		default: '',
		placeholder: 'e.g. Made up the order number',
		description: 'In words, for people; the sidecar keeps it with its log',
		displayOptions,
	},
];
