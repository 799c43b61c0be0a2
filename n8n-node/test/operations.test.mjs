// The operations beside Dispatch a Prompt: what goes out, and what comes back in an item.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { AiDispatch } from '../dist/nodes/AiDispatch/AiDispatch.node.js';
import { execution } from './fakes/execution.mjs';
import { FakeSidecar, refusal } from './fakes/sidecar.mjs';

let sidecar;
beforeEach(async () => (sidecar = await new FakeSidecar().start()));
afterEach(async () => await sidecar.kill().catch(() => {}));

const run = async (operation, items, more) => {
	const given = items.map((item) => ({ operation, ...item }));
	const context = execution(
		sidecar.url,
		items.map(({ prompt }) => prompt),
		{ items: given, ...more },
	);
	const [out] = await new AiDispatch().execute.call(context);
	return out;
};
const json = (out) => out.map((item) => item.json);
const continuing = { onError: 'continueRegularOutput' };

test('a chat goes out with its messages, and its answer comes back as that of a prompt', async () => {
	const message = [
		{ role: 'system', content: 'Be brief.' },
		{ role: 'user', content: 'Hello' },
	];
	const out = await run('chat', [
		{ specifyMessages: 'fields', messages: { message } },
		{ specifyMessages: 'json', messagesJson: '[{"role": "user", "content": "Bye"}]' },
	]);
	const [{ jobs }] = sidecar.of('/api/jobs').map(({ body }) => body);
	assert.deepEqual(jobs[0].messages, message);
	assert.deepEqual(jobs[1].messages, [{ role: 'user', content: 'Bye' }]);
	assert.equal('prompt' in jobs[0], false);
	assert.equal(out[0].json.model, 'small');
	assert.deepEqual(
		out.map(({ pairedItem }) => pairedItem.item),
		[0, 1],
	);
});

test('a chat without messages fails its item by the name of the field', async () => {
	const out = await run('chat', [{ specifyMessages: 'fields', messages: {} }], continuing);
	assert.equal(json(out)[0].error, "'Messages' is empty");
	assert.deepEqual(sidecar.asked, []);
});

test('a submitted job comes back at once with its id, and is told whom to call back', async () => {
	sidecar.plan = () => ({ afterMs: 60_000 });
	const callbackUrl = ' http://n8n:5678/webhook-waiting/7 ';
	const out = await run('submit', [{ prompt: 'Long', callbackUrl }]);
	const [{ body, url }] = sidecar.of('/api/jobs');
	assert.equal(url, '/api/jobs?wait=0');
	assert.equal(body.prompt, 'Long');
	assert.equal(body.callback_url, callbackUrl.trim());
	assert.equal(body.requirements.timeout, 3600);
	assert.equal(out[0].json.job_id, 'j-1');
	assert.equal(out[0].json.state, 'running');
	assert.equal(out[0].json.is_finished, false);
	assert.deepEqual(out[0].pairedItem, { item: 0 });
});

test('a job may ask with messages, and nobody is called back unless it is said', async () => {
	const messagesJson = [{ role: 'user', content: 'Hello' }];
	await run('submit', [{ askWith: 'messages', specifyMessages: 'json', messagesJson }]);
	const [{ body }] = sidecar.of('/api/jobs');
	assert.deepEqual(body.messages, messagesJson);
	assert.equal('callback_url' in body, false);
});

test('an item that is submitted again in the same run of the node is the same job', async () => {
	for (const prompt of ['One', 'One', 'Two']) await run('submit', [{ prompt }]);
	assert.deepEqual(sidecar.ran, ['One', 'Two']);
});

test('two items that ask the same are two jobs', async () => {
	const out = await run('submit', [{ prompt: 'One' }, { prompt: 'One' }]);
	assert.equal(new Set(json(out).map(({ job_id: id }) => id)).size, 2);
});

test('a job that is refused fails its item, and no other', async () => {
	sidecar.plan = (prompt) => (prompt === 'bad' ? { refused: refusal('no_model', 'None.') } : {});
	const out = await run('submit', [{ prompt: 'bad' }, { prompt: 'good' }], continuing);
	assert.equal(json(out)[0].code, 'no_model');
	assert.ok(json(out)[1].job_id);
});

test('a job that is done comes with the fields of its answer', async () => {
	const [{ json: job }] = await run('submit', [{ prompt: 'Hello' }]);
	const [out] = json(await run('get', [{ jobId: job.job_id, wait: 3 }]));
	assert.equal(sidecar.asked.at(-1).url, `/api/jobs/${job.job_id}?wait=3`);
	assert.equal(out.state, 'done');
	assert.equal(out.is_finished, true);
	assert.equal(out.text, 'answer to Hello');
	assert.equal(out.dispatch_id, 'd-Hello');
});

test('without Simplify, a job is all the sidecar says of it', async () => {
	const [{ json: job }] = await run('submit', [{ prompt: 'Hello' }], { simplify: false });
	const [out] = json(await run('get', [{ jobId: job.job_id }], { simplify: false }));
	assert.equal(out.result.text, 'answer to Hello');
});

test('a job that failed is an item like others, with its state and why', async () => {
	const error = refusal('deadline_exceeded', 'Its time was up.', { dispatch_id: 'd-9' });
	sidecar.plan = () => ({ state: 'failed', error });
	const [{ json: job }] = await run('submit', [{ prompt: 'Slow' }]);
	const [out] = json(await run('get', [{ jobId: job.job_id }]));
	assert.equal(out.state, 'failed');
	assert.equal(out.is_finished, true);
	assert.equal(out.error, 'Its time was up.');
	assert.equal(out.code, 'deadline_exceeded');
	assert.equal(out.dispatch_id, 'd-9');
});

test("a job that isn't there fails its item, and an item without an id says which field to fill", async () => {
	await assert.rejects(run('get', [{ jobId: 'j-0' }]), /There is no job j-0/);
	await assert.rejects(run('get', [{ jobId: ' ' }]), /'Job ID' is empty/);
});

test('an id is never taken for another path', async () => {
	await assert.rejects(run('get', [{ jobId: '../models?x=' }]));
	assert.equal(sidecar.asked.at(-1).path, '/api/jobs/..%2Fmodels%3Fx%3D');
});

const model = (id) => ({
	id,
	name: id.toUpperCase(),
	state: 'ready',
	enabled: true,
	weights: 'present',
	task_types: ['chat'],
	family: 'llama',
});

test('the models come as one item each', async () => {
	sidecar.models = [model('small'), model('big')];
	const out = await run('listModels', [{}]);
	assert.deepEqual(
		json(out).map(({ id, state }) => [id, state]),
		[
			['small', 'ready'],
			['big', 'ready'],
		],
	);
	assert.equal('family' in out[0].json, false);
	assert.deepEqual(
		out.map(({ pairedItem }) => pairedItem.item),
		[0, 0],
	);
	const [all] = json(await run('listModels', [{}], { simplify: false }));
	assert.equal(all.family, 'llama');
});

test('the status says what is wrong, which models are loaded, and how busy they are', async () => {
	const parts = {
		models: { status: 'ok', detail: '3 models' },
		docker: { status: 'degraded', detail: 'it does not answer' },
	};
	sidecar.ready = { status: 'degraded', parts };
	const replica = { model: 'small', state: 'ready', in_flight: 2, waiting: 1 };
	const starting = { model: 'big', state: 'loading', in_flight: 0, waiting: 3 };
	sidecar.fleet = {
		memory_budget_mib: 4096,
		memory_reserved_mib: 900,
		containers: [replica, replica, starting],
	};
	assert.deepEqual(json(await run('getStatus', [{}])), [
		{
			status: 'degraded',
			problems: ['docker: it does not answer'],
			loaded_models: ['small'],
			in_flight: 4,
			waiting: 5,
			memory_budget_mib: 4096,
			memory_reserved_mib: 900,
		},
	]);
	const [all] = json(await run('getStatus', [{}], { simplify: false }));
	assert.deepEqual(all, { ...sidecar.ready, ...sidecar.fleet });
});

test('a sidecar that can answer nothing still says how it does', async () => {
	sidecar.ready = { status: 'not_ready', parts: { models: { status: 'down', detail: 'none' } } };
	const [out] = json(await run('getStatus', [{}]));
	assert.equal(out.status, 'not_ready');
	assert.deepEqual(out.problems, ['models: none']);
});

test('no more items are with the sidecar at a time than the batch size says', async () => {
	const items = ['a', 'b', 'c', 'd', 'e'].map((prompt) => ({ prompt }));
	const out = await run('dispatch', items, { options: { batchSize: 2 } });
	const handedIn = sidecar.of('/api/jobs').map(({ body }) => body.jobs.length);
	assert.ok(Math.max(...handedIn) <= 2, `${handedIn}`);
	assert.deepEqual(
		json(out).map(({ text }) => text),
		items.map(({ prompt }) => `answer to ${prompt}`),
	);
});
