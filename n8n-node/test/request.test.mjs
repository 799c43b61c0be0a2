// What the fields of the node become on the wire.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { baseUrlOf } from '../dist/nodes/AiDispatch/http/baseUrlOf.js';
import { buildRequest } from '../dist/nodes/AiDispatch/request/buildRequest.js';
import { readMessages } from '../dist/nodes/AiDispatch/request/readMessages.js';
import { readPrompt } from '../dist/nodes/AiDispatch/request/readPrompt.js';
import { readWait } from '../dist/nodes/AiDispatch/request/readWait.js';

const form = (changes = {}) => ({
	asked: { prompt: 'Say hello' },
	taskType: 'auto',
	complexity: 'auto',
	model: 'auto',
	options: {},
	itemCount: 1,
	isJob: false,
	context: { item_index: 0 },
	...changes,
});

test('a form left as it is asks for the prompt with the default deadline and nothing else', () => {
	assert.deepEqual(buildRequest(form()), {
		prompt: 'Say hello',
		task_type: 'auto',
		complexity: 'auto',
		requirements: { timeout: 300 },
		context: { item_index: 0 },
	});
});

test('every option goes out under the name of the API', () => {
	const options = {
		batchSize: 10,
		capabilities: ['thinking', 'json'],
		explore: false,
		maxTokens: 64,
		minQuality: 0.4,
		objective: 'fastest',
		onInfeasible: 'best_effort',
		outputFormat: { is: { kind: 'json' } },
		priority: 5,
		privacy: 'local',
		systemPrompt: 'Be brief.',
		temperature: 0,
		timeout: 41.5,
	};
	const context = { workflow_id: 'w', node_id: 'n', execution_id: '7', item_index: 2 };
	assert.deepEqual(buildRequest(form({ model: 'tiny', options, context })), {
		prompt: 'Say hello',
		system: 'Be brief.',
		task_type: 'auto',
		complexity: 'auto',
		objective: 'fastest',
		priority: 5,
		explore: false,
		requirements: {
			max_tokens: 64,
			timeout: 41.5,
			min_quality: 0.4,
			format: 'json',
			privacy: 'local',
			temperature: 0,
			on_infeasible: 'best_effort',
			capabilities: ['thinking', 'json'],
		},
		model: 'tiny',
		context,
	});
});

test('an automatic or empty model is the choice of the sidecar', () => {
	for (const model of ['auto', '', null, undefined]) {
		assert.equal('model' in buildRequest(form({ model })), false);
	}
});

test('an alias goes out as it is, for the sidecar knows what it stands for', () => {
	assert.equal(buildRequest(form({ model: 'auto:fast' })).model, 'auto:fast');
});

test('no capabilities are no wish', () => {
	const { requirements } = buildRequest(form({ options: { capabilities: [] } }));
	assert.deepEqual(requirements, { timeout: 300 });
});

test('a job nobody waits for has as long as a sidecar grants, unless it is told otherwise', () => {
	const timeoutOf = (options) => buildRequest(form({ isJob: true, options })).requirements.timeout;
	assert.equal(timeoutOf({}), 3600);
	assert.equal(timeoutOf({ timeout: 60 }), 60);
});

test('messages go out word for word, from a list or from its JSON', () => {
	const messages = [
		{ role: 'system', content: ' Be brief.\n' },
		{ role: 'user', content: '🐍 {{ not }} ${a}' },
	];
	for (const given of [messages, JSON.stringify(messages)])
		assert.deepEqual(readMessages(given), messages);
	assert.deepEqual(readMessages([{ role: 'user', content: 7 }]), [{ role: 'user', content: '7' }]);
});

test('messages that are no conversation are refused by the name of their field', () => {
	for (const given of ['', 'hello', '{"role": "user"}', null, undefined, 7, {}])
		assert.throws(() => readMessages(given), /'Messages' is not a list/);
	assert.throws(() => readMessages([]), /'Messages' is empty/);
	const good = { role: 'user', content: 'Hi' };
	for (const bad of [null, 'Hi', {}, { role: 'user' }, { content: 'Hi' }, { ...good, content: {} }])
		assert.throws(() => readMessages([good, bad]), /Message 2 of 'Messages'/);
});

test('the wait for a job is as long as the sidecar grants at most, and must be a number', () => {
	for (const [given, seconds] of [
		[0, 0],
		['7.5', 7.5],
		[600, 25],
		[null, 0],
	])
		assert.equal(readWait(given), seconds);
	for (const given of ['soon', -1, NaN])
		assert.throws(() => readWait(given), /'Wait' is not a number/);
});

test('a prompt goes out word for word', () => {
	for (const prompt of ['  two  spaces\n', '{{ not }} a ${template}', '🐍 \u202e "quoted"', '0']) {
		assert.equal(readPrompt(prompt), prompt);
	}
	assert.equal(readPrompt(0), '0');
});

test('an empty prompt is refused by the name of its field', () => {
	for (const prompt of ['', ' \n\t', null, undefined]) {
		assert.throws(() => readPrompt(prompt), /'Prompt' is empty/);
	}
});

test('a prompt that is not text is refused instead of sent as [object Object]', () => {
	for (const prompt of [{ a: 1 }, ['a']]) {
		assert.throws(() => readPrompt(prompt), /'Prompt' is not text/);
	}
});

test('a schema goes out as an object, whether it was typed or came from an expression', () => {
	const schema = { type: 'object' };
	for (const given of [schema, JSON.stringify(schema)]) {
		const options = { outputFormat: { is: { kind: 'schema', schema: given } } };
		assert.deepEqual(buildRequest(form({ options })).requirements.format, schema);
	}
});

test('a broken schema is refused by the name of its field', () => {
	for (const schema of ['{"type":', '[]', '7', '', undefined, null]) {
		const options = { outputFormat: { is: { kind: 'schema', schema } } };
		assert.throws(() => buildRequest(form({ options })), /'JSON Schema' is not a JSON object/);
	}
});

test('a timeout that is no number falls back to the default', () => {
	for (const [timeout, seconds] of [
		['30', 30],
		['soon', 300],
		[0, 300],
		[-1, 300],
		[null, 300],
	]) {
		assert.equal(buildRequest(form({ options: { timeout } })).requirements.timeout, seconds);
	}
});

test('without a timeout, the items of a run have longer the more they are, up to what a sidecar grants', () => {
	for (const [itemCount, seconds] of [
		[1, 300],
		[2, 360],
		[50, 3240],
		[1000, 3600],
	]) {
		assert.equal(buildRequest(form({ itemCount })).requirements.timeout, seconds);
		assert.equal(
			buildRequest(form({ itemCount, options: { timeout: 9 } })).requirements.timeout,
			9,
		);
	}
});

test('an address loses its trailing slashes and must be one', () => {
	assert.equal(baseUrlOf(' http://127.0.0.1:3000// '), 'http://127.0.0.1:3000');
	assert.equal(baseUrlOf('https://host/behind/a/proxy/'), 'https://host/behind/a/proxy');
	for (const url of ['', undefined, '127.0.0.1:3000', 'ftp://host', 'http://']) {
		assert.throws(() => baseUrlOf(url), /'Base URL'/);
	}
});
