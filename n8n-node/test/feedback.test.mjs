// What a workflow says of answers reaches the sidecar.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { AiDispatch } from '../dist/nodes/AiDispatch/AiDispatch.node.js';
import { execution } from './fakes/execution.mjs';
import { FakeSidecar } from './fakes/sidecar.mjs';

let sidecar;
beforeEach(async () => (sidecar = await new FakeSidecar().start()));
afterEach(async () => await sidecar.kill().catch(() => {}));

const run = async (items, more) => {
	const given = items.map((item) => ({ operation: 'feedback', ...item }));
	const prompts = items.map(() => '');
	const context = execution(sidecar.url, prompts, { items: given, ...more });
	const [out] = await new AiDispatch().execute.call(context);
	return out;
};
const sent = () => sidecar.of('/api/feedback').map(({ body }) => body);

test('a score goes out as a word of the workflow, and its item comes back with what counted', async () => {
	const out = await run([{ dispatchId: 'd-1', score: 0.25, comment: 'so so' }]);
	assert.deepEqual(sent(), [
		{ dispatch_id: 'd-1', score: 0.25, source: 'workflow', comment: 'so so' },
	]);
	const json = { dispatch_id: 'd-1', score: 0.25, source: 'workflow', counted: true };
	assert.deepEqual(out, [{ json, pairedItem: { item: 0 } }]);
});

test('when the next step failed the answer was of no use, whatever the score says', async () => {
	await run([{ dispatchId: 'd-1', nextStepFailed: true, score: 1 }]);
	assert.deepEqual(sent(), [{ dispatch_id: 'd-1', score: 0, source: 'next_step' }]);
});

test('every item is told of its own answer', async () => {
	const out = await run(['d-1', 'd-2', 'd-3'].map((dispatchId) => ({ dispatchId, score: 1 })));
	assert.deepEqual(
		out.map(({ json }) => json.dispatch_id),
		['d-1', 'd-2', 'd-3'],
	);
});

test('a comment that is too long for the sidecar is cut', async () => {
	await run([{ dispatchId: 'd-1', score: 1, comment: 'x'.repeat(600) }]);
	assert.equal(sent()[0].comment.length, 500);
});

test('an item that names no answer, or scores it with no number, says which field to fill', async () => {
	await assert.rejects(run([{ dispatchId: '', score: 1 }]), /'Dispatch ID' is empty/);
	for (const score of ['good', 1.5, -1, ''])
		await assert.rejects(
			run([{ dispatchId: 'd-1', score }]),
			/'Score' is not a number from 0 to 1/,
		);
	assert.deepEqual(sent(), []);
});

test("an answer the sidecar doesn't know fails its item with the sidecar's own words, and no other", async () => {
	const items = [{ dispatchId: 'unknown' }, { dispatchId: 'd-2' }];
	const out = await run(items, { onError: 'continueRegularOutput' });
	assert.equal(out[0].json.error, 'dispatch_id: no dispatch has it.');
	assert.equal(out[0].json.code, 'dispatch_not_found');
	assert.equal(out[1].json.counted, true);
});
