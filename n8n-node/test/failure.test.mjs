// What a user of the workflow reads when something went wrong.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { apiError } from '../dist/nodes/AiDispatch/failure/apiError.js';
import { asNodeError } from '../dist/nodes/AiDispatch/failure/asNodeError.js';
import { connectionCode } from '../dist/nodes/AiDispatch/failure/connectionCode.js';
import { failedItem } from '../dist/nodes/AiDispatch/failure/failedItem.js';
import { wordRefusal } from '../dist/nodes/AiDispatch/failure/wordRefusal.js';
import { wordSilence } from '../dist/nodes/AiDispatch/failure/wordSilence.js';

// Required, not imported: the ES modules of n8n-workflow 2.41 name each other without extensions.
const { NodeApiError, NodeOperationError, UserError } = createRequire(import.meta.url)(
	'n8n-workflow',
);

const node = {
	id: 'n',
	name: 'AI Dispatch',
	type: 'x',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};
const url = 'http://127.0.0.1:3000';
const noModelFits = {
	error: {
		code: 'no_model_fits',
		message: 'No model can answer within 2 s; the earliest is 9 s.',
		retryable: true,
		retry_after_s: 6.2,
		dispatch_id: 'd-7',
		origin: 'dispatcher',
	},
};

test("the sidecar's own message is the headline, whatever the status", () => {
	for (const status of [401, 404, 422, 500, 503]) {
		const error = apiError(wordRefusal(status, noModelFits, url), node, 3);
		assert.equal(error.message, noModelFits.error.message);
		assert.equal(error.httpCode, String(status));
		assert.equal(error.context.itemIndex, 3);
	}
});

test('a refusal that may pass says when to try again and which dispatch it was', () => {
	const { description } = wordRefusal(503, noModelFits, url);
	assert.equal(description, 'Trying again in 7 s may help. Dispatch d-7.');
});

test('what cannot be in time says which fields of the node would help', () => {
	const error = {
		code: 'deadline_infeasible',
		message: 'No model can finish.',
		feasible_in_s: 40.2,
	};
	const { description, details } = wordRefusal(503, { error }, url);
	assert.match(description, /Timeout at least 41 s.*If No Model Is Fast Enough to Try Anyway/);
	assert.equal(details.feasible_in_s, 40.2);
});

test('what the sidecar left open is left out', () => {
	const body = {
		error: { code: 'unauthorized', message: 'No.', retry_after_s: null, dispatch_id: null },
	};
	assert.deepEqual(wordRefusal(401, body, url).details, { code: 'unauthorized' });
});

test('a wrong token says where the right one is', () => {
	const body = {
		error: { code: 'unauthorized', message: 'The token is wrong.', retryable: false },
	};
	const error = apiError(wordRefusal(401, body, url), node);
	assert.equal(error.message, 'The token is wrong.');
	assert.match(error.description, /dispatch\.token/);
});

test("an answer that is not the sidecar's says so and names the address", () => {
	for (const body of [
		'<html>',
		'',
		null,
		undefined,
		[],
		{ error: 'text' },
		{ error: { code: 1 } },
	]) {
		const { message, details } = wordRefusal(502, body, url);
		assert.equal(message, `${url} answered with HTTP 502, but not as AI Dispatch does`);
		assert.equal(details.code, 'not_ai_dispatch');
	}
});

test('a sidecar that is not there says how to start it and what Docker needs', () => {
	const thrown = new NodeApiError(node, { message: 'connect', code: 'ECONNREFUSED' });
	const error = apiError(wordSilence(connectionCode(thrown), thrown.message, url, 315), node);
	assert.match(
		error.message,
		/Nothing answers at http:\/\/127\.0\.0\.1:3000: is the AI Dispatch sidecar running/,
	);
	assert.match(error.description, /ai-dispatch serve.*Docker.*http:\/\/ai-dispatch:3000/);
});

test('the code of a broken connection is found wherever n8n put it', () => {
	assert.equal(connectionCode({ httpCode: 'ENOTFOUND', message: 'x' }), 'ENOTFOUND');
	assert.equal(connectionCode({ messages: ['connect ECONNREFUSED ::1:3000'] }), 'ECONNREFUSED');
	assert.equal(connectionCode({ code: 'ERR_CANCELED' }), 'ERR_CANCELED');
	assert.equal(connectionCode(new Error('socket hang up')), '');
});

test("each kind of silence has words of its own, none replaced by n8n's", () => {
	const heard = ['ECONNREFUSED', 'ENOTFOUND', 'ECONNABORTED', 'ECONNRESET', 'ERR_CANCELED', ''].map(
		(code) => {
			const failure = wordSilence(code, 'socket hang up', url, 315);
			assert.equal(apiError(failure, node).message, failure.message);
			return failure.message;
		},
	);
	assert.equal(new Set(heard).size, heard.length);
});

test('an item that failed carries the message and what a workflow may act on', () => {
	const error = apiError(wordRefusal(503, noModelFits, url), node);
	const item = failedItem(error, { ...node, onError: 'continueRegularOutput' }, 4);
	const { message, ...details } = noModelFits.error;
	assert.deepEqual(item, {
		json: {
			error: message,
			description: 'Trying again in 7 s may help. Dispatch d-7.',
			...details,
		},
		pairedItem: { item: 4 },
	});
});

test('an item for an error branch holds the message alone, which every n8n takes for an error', () => {
	const error = apiError(wordRefusal(503, noModelFits, url), node);
	const item = failedItem(error, { ...node, onError: 'continueErrorOutput' }, 0);
	assert.deepEqual(item.json, { error: noModelFits.error.message });
});

test('a mistake in a field becomes an error of the node at its item, a sidecar error stays as it is', () => {
	const mistake = asNodeError(new UserError("'Prompt' is empty", { description: 'Say' }), node, 5);
	assert.ok(mistake instanceof NodeOperationError);
	assert.equal(mistake.message, "'Prompt' is empty");
	assert.equal(mistake.description, 'Say');
	assert.equal(mistake.context.itemIndex, 5);
	const refusal = apiError(wordRefusal(503, noModelFits, url), node);
	assert.equal(asNodeError(refusal, node, 5), refusal);
});
