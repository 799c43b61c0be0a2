// What the sidecar's answers become in an item.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listModels } from '../dist/nodes/AiDispatch/reply/listModels.js';
import { simplifyDispatch } from '../dist/nodes/AiDispatch/reply/simplifyDispatch.js';
import { simplifyExplain } from '../dist/nodes/AiDispatch/reply/simplifyExplain.js';

const decision = {
	model: 'tiny',
	way: 'warm',
	why: 'tiny is warm',
	objective: 'balanced',
	utility: 0.7,
	runner_up: { model: 'big', way: 'load', why: 'better but cold' },
	flip: 'big wins if the deadline is ≥ 41 s',
	refused: [{ model: 'huge', reason: 'memory', message: 'needs 9 GiB' }],
};
const reply = {
	dispatch_id: 'd-1',
	text: 'hello',
	model: 'tiny',
	task_type: 'chat',
	complexity: 'low',
	decision,
	usage: { prompt_tokens: 3, completion_tokens: 1 },
	timing: { queue_s: 0, load_s: 0.5, first_token_s: 0.6, total_s: 0.9 },
	attempts: [{ model: 'tiny', succeeded: true, error: null, total_s: 0.9 }],
};

test('a simplified answer is flat and says who answered, why and how long it took', () => {
	assert.deepEqual(simplifyDispatch(reply), {
		text: 'hello',
		model: 'tiny',
		why: 'tiny is warm',
		dispatch_id: 'd-1',
		task_type: 'chat',
		complexity: 'low',
		prompt_tokens: 3,
		completion_tokens: 1,
		queue_s: 0,
		load_s: 0.5,
		run_s: 0.4,
		total_s: 0.9,
		attempts: 1,
	});
});

test('parsed JSON stays beside the text it was parsed from', () => {
	assert.deepEqual(simplifyDispatch({ ...reply, json: { a: 1 } }).json, { a: 1 });
	assert.equal('json' in simplifyDispatch({ ...reply, json: null }), false);
});

test('a simplified choice says what would change it and who was refused', () => {
	assert.deepEqual(simplifyExplain({ task_type: 'chat', complexity: 'low', decision }), {
		model: 'tiny',
		way: 'warm',
		why: 'tiny is warm',
		runner_up: decision.runner_up,
		flip: decision.flip,
		task_type: 'chat',
		complexity: 'low',
		refused: decision.refused,
	});
});

const models = [
	{ id: 'qwen-1', name: 'Qwen', enabled: true, task_types: ['chat'], weights: 'missing' },
	{ id: 'llama-1', name: 'Llama', enabled: true, task_types: ['chat'], weights: 'present' },
	{ id: 'off-1', name: 'Off', enabled: false, task_types: ['chat'], weights: 'present' },
	{ id: 'mini-1', name: 'Mini', enabled: true, task_types: ['embedding'], weights: 'present' },
];

test("the list offers the sidecar's choice first, then enabled models by name", () => {
	assert.deepEqual(listModels(models), [
		{ name: 'Automatic', value: 'auto' },
		{ name: 'Llama', value: 'llama-1' },
		{ name: 'Qwen (weights missing)', value: 'qwen-1' },
	]);
});

test('typing narrows the list by name or id, in any case', () => {
	assert.deepEqual(
		listModels(models, ' LLAMA').map(({ value }) => value),
		['llama-1'],
	);
	assert.deepEqual(
		listModels(models, 'qwen-1').map(({ value }) => value),
		['qwen-1'],
	);
	assert.deepEqual(listModels(models, 'nothing'), []);
});
