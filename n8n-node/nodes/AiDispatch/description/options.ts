import type { INodeProperties } from 'n8n-workflow';

import { batchSize } from './batchSize';
import { capabilities } from './capabilities';
import { outputFormat } from './outputFormat';

/** What most workflows leave alone. */
export const options: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		batchSize,
		capabilities,
		{
			displayName: 'Explore',
			name: 'explore',
			type: 'boolean',
			default: true,
			description:
				'Whether now and then another model than the best known may be tried here, to learn how it does',
		},
		{
			displayName: 'If No Model Is Fast Enough',
			name: 'onInfeasible',
			type: 'options',
			options: [
				{
					name: 'Refuse',
					value: 'refuse',
					description: 'Say so at once, and how long it would take',
				},
				{
					name: 'Try Anyway',
					value: 'best_effort',
					description:
						'Answer with whichever model comes nearest, such as a weaker one that is loaded',
				},
			],
			default: 'refuse',
			description: 'What to do when no model is likely to answer within the timeout',
		},
		{
			displayName: 'Max Tokens',
			name: 'maxTokens',
			type: 'number',
			typeOptions: { minValue: 1, numberPrecision: 0 },
			default: 512,
			description: 'The longest answer to write, in tokens (about four characters each)',
		},
		{
			displayName: 'Minimum Quality',
			name: 'minQuality',
			type: 'number',
			typeOptions: { minValue: 0, maxValue: 1, numberPrecision: 2 },
			default: 0.5,
			description: 'Refuse models expected to do this work worse than this, from 0 to 1',
		},
		{
			displayName: 'Objective',
			name: 'objective',
			type: 'options',
			options: [
				{ name: 'Balanced', value: 'balanced', description: 'Good answers soon' },
				{ name: 'Best', value: 'best', description: 'The best answer the deadline allows' },
				{ name: 'Cheapest', value: 'cheapest', description: 'The least work for the machine' },
				{ name: 'Fastest', value: 'fastest', description: 'The earliest answer' },
			],
			default: 'balanced',
			description: 'What matters most when models differ',
		},
		outputFormat,
		{
			displayName: 'Priority',
			name: 'priority',
			type: 'number',
			typeOptions: { minValue: -100, maxValue: 100, numberPrecision: 0 },
			default: 0,
			description: 'Who goes first when several wait, from -100 to 100: larger before smaller',
		},
		{
			displayName: 'Privacy',
			name: 'privacy',
			type: 'options',
			options: [
				{ name: 'Any', value: 'any', description: 'Any model that was set up may see the prompt' },
				{ name: 'Local', value: 'local', description: 'The prompt must not leave your machines' },
			],
			default: 'local',
			description: 'Who may see the prompt',
		},
		{
			displayName: 'System Prompt',
			name: 'systemPrompt',
			type: 'string',
			typeOptions: { rows: 3 },
			default: '',
			placeholder: 'e.g. You answer in one short sentence.',
			description: 'How the model should behave, told before the prompt',
		},
		{
			displayName: 'Temperature',
			name: 'temperature',
			type: 'number',
			typeOptions: { minValue: 0, maxValue: 2, numberPrecision: 2 },
			default: 0.7,
			description: 'How freely words are chosen; 0 always takes the likeliest',
		},
		{
			displayName: 'Timeout',
			name: 'timeout',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 300,
			description:
				'Seconds until the answer is of no use any more, counted for every item from the start of the node. AI Dispatch chooses a model that can make it, waiting and loading included. If not set, it is 300, and 60 more for each further item of the run, up to 3600; a job that is submitted has 3600.',
		},
	],
};
