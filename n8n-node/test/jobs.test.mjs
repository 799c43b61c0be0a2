// All items of a run go through the sidecar as jobs, whatever happens to it or to the connection.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { dispatchAll } from '../dist/nodes/AiDispatch/operations/dispatchAll.js';
import { execution } from './fakes/execution.mjs';
import { FakeSidecar, refusal, reply } from './fakes/sidecar.mjs';

const PACE = {
	pollS: 1,
	requestS: 3,
	pauseS: 0.02,
	pauseMaxS: 0.1,
	firstContactS: 0.3,
	marginS: 0.3,
};
const three = ['one', 'two', 'three'];

let sidecar;
beforeEach(async () => (sidecar = await new FakeSidecar().start()));
afterEach(async () => await sidecar.kill().catch(() => {}));

const run = (prompts, more) => {
	const context = execution(sidecar.url, prompts, more);
	return { context, items: dispatchAll(context, PACE) };
};
const texts = (items) => items.map(({ json }) => json.text);
const keys = (submission) => submission.body.jobs.map((job) => job.idempotency_key);
const until = async (isSo) => {
	for (let i = 0; !isSo(); i++) {
		assert.ok(i < 500, 'it never became so');
		await pause(10);
	}
};

test('all items go out in one call and come back in their places, whichever is done first', async () => {
	sidecar.plan = (prompt) => ({ afterMs: { one: 120, two: 10, three: 60 }[prompt] });
	const items = await run(three).items;
	assert.deepEqual(texts(items), ['answer to one', 'answer to two', 'answer to three']);
	assert.deepEqual(
		items.map(({ pairedItem }) => pairedItem),
		[{ item: 0 }, { item: 1 }, { item: 2 }],
	);
	assert.equal(sidecar.of('/api/jobs').length, 1);
	assert.equal(sidecar.of('/api/jobs/cancel').length, 0);
});

test('a job is what a dispatch would be, under a key of its execution, node, run and item', async () => {
	await run(['one'], { options: { priority: -7, onInfeasible: 'best_effort' } }).items;
	const { idempotency_key: key, ...body } = sidecar.asked[0].body.jobs[0];
	assert.match(key, /^7\.n-1\.2\.[A-Za-z0-9]{12}\.0$/);
	assert.deepEqual(body, {
		prompt: 'one',
		task_type: 'auto',
		complexity: 'auto',
		priority: -7,
		requirements: { timeout: 300, on_infeasible: 'best_effort' },
		context: { workflow_id: 'w-1', node_id: 'n-1', execution_id: '7', item_index: 0, run_index: 2 },
	});
});

test('without Simplify an item is all the sidecar said', async () => {
	const [{ json }] = await run(['one'], { simplify: false }).items;
	assert.deepEqual(json, reply('one'));
});

test('a run too large for one call is handed in with several, and waited for as one', async () => {
	const long = Array.from({ length: 12 }, (_, i) => `${i}`.padEnd(300_000, 'ü'));
	sidecar.plan = () => ({ result: reply('') });
	const items = await run(long).items;
	const submissions = sidecar.of('/api/jobs');
	assert.equal(items.length, 12);
	assert.equal(submissions.length, 12, 'two letters ü of 600 kB do not fit into 1 MB');
	assert.equal(sidecar.of('/api/jobs/collect').length, 0, 'all were done when handed in');
});

test('never more than 500 items go in one call, nor more than 1000 at once', async () => {
	const many = Array.from({ length: 1300 }, (_, i) => `${i}`);
	let most = 0;
	sidecar.plan = () => {
		const open = [...sidecar.jobs.values()].filter(({ doneAt }) => Date.now() < doneAt).length;
		most = Math.max(most, open + 1);
		return { afterMs: 300 };
	};
	const items = await run(many).items;
	assert.deepEqual(texts(items)[1299], 'answer to 1299');
	const sizes = sidecar.of('/api/jobs').map(({ body }) => body.jobs.length);
	assert.deepEqual(sizes.slice(0, 2), [500, 500]);
	assert.ok(Math.max(...sizes) <= 500);
	assert.ok(most <= 1000, `${most} were open`);
	assert.ok(sidecar.of('/api/jobs/collect').every(({ body }) => body.ids.length <= 1000));
});

test('a sidecar that takes less at once gets less, and only the item that is too long fails', async () => {
	sidecar.bytesMax = 1500;
	const prompts = ['a', 'b', 'c'.repeat(5000), 'd'];
	const items = await run(prompts, { onError: 'continueRegularOutput' }).items;
	assert.deepEqual(texts(items), ['answer to a', 'answer to b', undefined, 'answer to d']);
	assert.equal(items[2].json.code, 'body_too_large');
});

test('one failed item of three stands in its place, and the others are answered', async () => {
	const error = refusal('runtime_fault', 'The model broke.', { retryable: true, dispatch_id: 'd' });
	sidecar.plan = (prompt) => (prompt === 'two' ? { state: 'failed', error } : { afterMs: 50 });
	const { context, items } = run(three, { onError: 'continueRegularOutput' });
	const [first, second, third] = await items;
	assert.deepEqual(texts([first, third]), ['answer to one', 'answer to three']);
	assert.equal(second.json.error, 'The model broke.');
	assert.deepEqual([second.json.code, second.json.retryable], ['runtime_fault', true]);
	assert.deepEqual(second.pairedItem, { item: 1 });
	assert.equal(context.hints[0].message, '3 items: 2 by small, 1 failed; 0 model loads');
});

test('an item refused at the door fails alone', async () => {
	const refused = refusal('model_not_found', 'No such model.');
	sidecar.plan = (prompt) => (prompt === 'two' ? { refused } : {});
	const items = await run(three, { onError: 'continueRegularOutput' }).items;
	assert.deepEqual(texts(items), ['answer to one', undefined, 'answer to three']);
	assert.equal(items[1].json.code, 'model_not_found');
	assert.equal(
		items[1].json.error,
		'No such model.',
		'its place in the batch is of no use to anybody',
	);
});

test('an item with an empty prompt is not sent, and the others are', async () => {
	const items = await run(['one', ' '], { onError: 'continueRegularOutput' }).items;
	assert.equal(items[1].json.error, "'Prompt' is empty");
	assert.deepEqual(sidecar.ran, ['one']);
	await assert.rejects(run(['one', ' ']).items, /'Prompt' is empty/);
	assert.deepEqual(sidecar.ran, ['one'], 'a run that ends with it sends nothing');
});

test('a run that ends with its first failure names the item and cancels the others', async () => {
	const error = refusal('runtime_fault', 'The model broke.');
	sidecar.plan = (prompt) =>
		prompt === 'one' ? { afterMs: 60_000 } : { state: 'failed', error, afterMs: 30 };
	await assert.rejects(run(three).items, (thrown) => {
		assert.equal(thrown.message, 'The model broke.');
		assert.equal(thrown.context.itemIndex, 1);
		return true;
	});
	assert.deepEqual(sidecar.cancelled, ['j-1'], 'the third is over as well');
});

test('a submission whose answer is lost is sent again under the same keys, and nothing runs twice', async () => {
	sidecar.submissions = ['lose', 'lose'];
	const items = await run(three).items;
	assert.deepEqual(texts(items), ['answer to one', 'answer to two', 'answer to three']);
	const [first, second, third] = sidecar.of('/api/jobs');
	assert.deepEqual(first.body, second.body);
	assert.deepEqual(second.body, third.body);
	assert.deepEqual(sidecar.ran, three);
});

test('another try of the same run has keys of its own, as a failure must not come back for ever', async () => {
	await run(three).items;
	await run(three).items;
	const [first, second] = sidecar.of('/api/jobs').map(keys);
	assert.deepEqual(new Set([...first, ...second]).size, 6);
});

test('a restart of the sidecar in the middle of a run is waited out, and told', async () => {
	sidecar.plan = (prompt) => ({ afterMs: prompt === 'one' ? 20 : 500 });
	const { context, items } = run(three);
	await until(() => sidecar.of('/api/jobs/collect').length === 2);
	const { port } = sidecar;
	await sidecar.kill();
	await pause(200);
	await sidecar.start(port);
	assert.deepEqual(texts(await items), ['answer to one', 'answer to two', 'answer to three']);
	assert.deepEqual(sidecar.ran, three);
	const [away, back] = context.toldInBrowser;
	assert.match(away, /what it accepted is safe, and the node goes on asking/);
	assert.match(back, /^AI Dispatch is back after \d+ s$/);
	assert.match(
		context.hints[0].message,
		/AI Dispatch was away once, for \d+ s, and nothing was lost$/,
	);
});

test('a sidecar that ends before it could answer the submission is waited for', async () => {
	sidecar.submissions = ['lose'];
	const { items } = run(three);
	await until(() => sidecar.asked.length === 1);
	const { port } = sidecar;
	await sidecar.kill();
	await pause(400);
	await sidecar.start(port);
	assert.equal((await items).length, 3);
	assert.deepEqual(sidecar.ran, three);
});

test('an answer that was lost is asked for again', async () => {
	sidecar.plan = () => ({ afterMs: 30 });
	sidecar.questions = ['lose', { status: 500, error: refusal('internal_error', 'Oh.') }];
	assert.equal((await run(three).items).length, 3);
});

test('a proxy that lost the sidecar for a moment is asked again', async () => {
	sidecar.plan = () => ({ afterMs: 30 });
	sidecar.submissions = [{ status: 502 }];
	sidecar.questions = [{ status: 504 }];
	assert.equal((await run(three).items).length, 3);
	assert.deepEqual(sidecar.ran, three);
});

test('a sidecar that never comes back is given up when the time of the items is up', async () => {
	sidecar.plan = () => ({ afterMs: 60_000 });
	const { items } = run(three, { options: { timeout: 0.5 }, onError: 'continueRegularOutput' });
	await until(() => sidecar.of('/api/jobs/collect').length === 1);
	await sidecar.kill();
	for (const { json } of await items) assert.equal(json.code, 'unreachable');
});

test('a sidecar that says nothing of a job is given up a little after its deadline, and told so', async () => {
	sidecar.plan = () => ({ afterMs: 60_000 });
	const options = { timeout: 0.2 };
	const [{ json }] = await run(['one'], { options, onError: 'continueRegularOutput' }).items;
	assert.match(json.error, /said nothing about this item, though its 0.2 s are over/);
	assert.equal(json.code, 'no_result');
	assert.deepEqual(sidecar.cancelled, ['j-1']);
});

test('where nobody ever answered, the run does not wait for long', async () => {
	await sidecar.kill();
	const begun = Date.now();
	await assert.rejects(
		run(three).items,
		/Nothing answers at .* is the AI Dispatch sidecar running/,
	);
	assert.ok(Date.now() - begun < 2000);
});

test('stopping the execution cancels every open job with one call', async () => {
	sidecar.plan = (prompt) => ({ afterMs: prompt === 'two' ? 0 : 60_000 });
	const { context, items } = run(three);
	await until(() => sidecar.of('/api/jobs/collect').length === 1);
	const begun = Date.now();
	context.stop();
	await assert.rejects(items, /The execution was stopped/);
	assert.ok(Date.now() - begun < 500, 'the question that was open is broken off');
	assert.equal(sidecar.of('/api/jobs/cancel').length, 1);
	assert.deepEqual(sidecar.cancelled, ['j-1', 'j-3']);
});

test('an execution stopped while it waits for a silent sidecar ends at once', async () => {
	sidecar.questions = Array(50).fill('lose');
	sidecar.plan = () => ({ afterMs: 60_000 });
	const { context, items } = run(three);
	await until(() => sidecar.of('/api/jobs/collect').length === 3);
	context.stop();
	await assert.rejects(items, /The execution was stopped/);
	assert.deepEqual(sidecar.cancelled, ['j-1', 'j-2', 'j-3']);
});

test('an execution stopped before its submission was answered cancels what may have been accepted', async () => {
	sidecar.plan = () => ({ afterMs: 60_000 });
	sidecar.submissions = ['lose'];
	const { context, items } = run(three);
	await until(() => sidecar.of('/api/jobs').length === 1);
	context.stop();
	await assert.rejects(items, /The execution was stopped/);
	assert.deepEqual(sidecar.cancelled.toSorted(), ['j-1', 'j-2', 'j-3']);
});

test('a job the sidecar has forgotten is handed in once more', async () => {
	sidecar.plan = () => ({ afterMs: 50 });
	sidecar.questions = ['forget'];
	assert.equal((await run(['one']).items).length, 1);
	assert.deepEqual(sidecar.ran, ['one', 'one']);
});

test('a job forgotten twice fails in the words of the sidecar', async () => {
	sidecar.plan = () => ({ afterMs: 50 });
	sidecar.questions = ['forget', 'forget'];
	await assert.rejects(run(['one']).items, /There is no job j-2/);
});

test('items for which there is no room yet follow when others are done', async () => {
	const refused = refusal('overloaded', 'Full.', { retryable: true, retry_after_s: 0.05 });
	sidecar.plan = () => {
		const open = [...sidecar.jobs.values()].filter(({ doneAt }) => Date.now() < doneAt).length;
		return open < 2 ? { afterMs: 30 } : { refused };
	};
	const prompts = ['a', 'b', 'c', 'd', 'e'];
	assert.deepEqual(
		texts(await run(prompts).items),
		prompts.map((prompt) => `answer to ${prompt}`),
	);
	assert.deepEqual(sidecar.ran.toSorted(), prompts);
});

test('a sidecar that stays full is given up when the time of the item is up', async () => {
	const refused = refusal('overloaded', 'Full.', { retryable: true });
	sidecar.plan = () => ({ refused });
	await assert.rejects(run(['one'], { options: { timeout: 0.3 } }).items, /Full\./);
});

test('a wrong token fails the run at once', async () => {
	const error = refusal('unauthorized', 'The token is wrong.');
	sidecar.submissions = [{ status: 401, error }];
	await assert.rejects(run(three).items, (thrown) => {
		assert.equal(thrown.message, 'The token is wrong.');
		assert.match(thrown.description, /dispatch\.token/);
		assert.equal(thrown.httpCode, '401');
		return true;
	});
	assert.equal(sidecar.asked.length, 1);
});

test('a sidecar without jobs is named as too old', async () => {
	sidecar.submissions = [{ status: 404, error: refusal('route_not_found', 'No such route.') }];
	await assert.rejects(run(three).items, (thrown) => {
		assert.match(thrown.message, /is older than this node and must be updated/);
		assert.match(thrown.description, /Update the sidecar/);
		return true;
	});
});

test('a credential that cannot be used fails every item when the workflow goes on', async () => {
	const context = execution('nowhere', three, { onError: 'continueRegularOutput' });
	for (const { json } of await dispatchAll(context, PACE)) assert.match(json.error, /'Base URL'/);
});

test('an answer that is not kept any more is asked for under another key, once', async () => {
	const error = refusal('job_expired', 'The answer is gone.');
	let times = 0;
	sidecar.plan = () => (++times === 1 ? { state: 'expired', error, afterMs: 20 } : {});
	assert.equal((await run(['one']).items).length, 1);
	const [first, second] = sidecar.of('/api/jobs').map(keys);
	assert.equal(second[0], `${first[0]}.again`);
	sidecar.plan = () => ({ state: 'expired', error, afterMs: 20 });
	await assert.rejects(run(['one']).items, /The answer is gone/);
});

test('answers that did not fit into the reply to the submission are collected', async () => {
	sidecar.submissions = ['leave out'];
	assert.equal((await run(three).items).length, 3);
	assert.equal(sidecar.of('/api/jobs/collect').length, 1);
});

test('a job that someone else cancelled says so', async () => {
	const error = refusal('job_cancelled', 'The job was cancelled.');
	sidecar.plan = () => ({ state: 'cancelled', error });
	await assert.rejects(run(['one']).items, /The job was cancelled/);
});

test('a run says in the end who answered it; a single item says so itself', async () => {
	sidecar.plan = (prompt) => ({
		result: prompt === 'two' ? reply(prompt, 'big', 'load') : reply(prompt),
	});
	const { context, items } = run(three);
	await items;
	assert.deepEqual(context.hints, [
		{ message: '3 items: 2 by small, 1 by big; 1 model load', location: 'outputPane' },
	]);
	const single = run(['one']);
	await single.items;
	assert.deepEqual(single.context.hints, []);
});

test('no question is held open for longer than it said', async () => {
	sidecar.plan = () => ({ afterMs: 2500 });
	await run(['one']).items;
	const questions = sidecar.of('/api/jobs/collect');
	assert.ok(questions.length >= 3);
	for (const { body, seconds } of questions) {
		assert.ok(body.wait <= PACE.pollS);
		assert.ok(seconds < PACE.requestS);
	}
});

test('a large run does not ask again after each single answer, and tells how far it is', async () => {
	const many = Array.from({ length: 100 }, (_, i) => `${i}`);
	sidecar.plan = (prompt) => ({ afterMs: 20 * Number(prompt) });
	const { context, items } = run(many);
	assert.equal((await items).length, 100);
	const { length } = sidecar.of('/api/jobs/collect');
	assert.ok(length < 30, `${length} questions`);
	const told = context.toldInBrowser;
	assert.ok(told.length > 0 && told.length < 20, `${told.length} times`);
	assert.match(told[0], /^\d+ of 100 items are done$/);
});

test('no run, no call', async () => {
	assert.deepEqual(await run([]).items, []);
	assert.equal(sidecar.asked.length, 0);
});
