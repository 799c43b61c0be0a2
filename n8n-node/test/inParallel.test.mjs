// Items go out several at a time and come back in their order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { inParallel } from '../dist/nodes/AiDispatch/inParallel.js';

test('results keep the order of the work, whichever ends first', async () => {
	const results = await inParallel(5, 3, async (index) => {
		for (let i = index; i < 5; i++) await turn();
		return index * 10;
	});
	assert.deepEqual(results, [0, 10, 20, 30, 40]);
});

test('never more than the limit is under way, and the limit is used', async () => {
	let underWay = 0;
	let most = 0;
	await inParallel(20, 8, async () => {
		most = Math.max(most, ++underWay);
		await turn();
		underWay--;
	});
	assert.equal(most, 8);
});

test('no work is no result', async () => {
	assert.deepEqual(await inParallel(0, 8, async () => assert.fail()), []);
});

test('one failure is the outcome, and nothing more begins', async () => {
	const begun = [];
	const work = async (index) => {
		begun.push(index);
		await turn();
		if (index === 1) throw new Error('second');
	};
	await assert.rejects(inParallel(100, 2, work), /second/);
	await turn();
	assert.ok(begun.length <= 4, `${begun.length} were begun`);
});
