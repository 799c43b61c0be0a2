// The sub-node for chains and agents, from its fields to the sidecar and back.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, beforeEach, test } from 'node:test';

import { AiDispatchChatModel } from '../dist/nodes/AiDispatchChatModel/AiDispatchChatModel.node.js';
import { DispatchChatModel } from '../dist/nodes/AiDispatchChatModel/DispatchChatModel.js';
import { loadSdk } from '../dist/nodes/AiDispatchChatModel/loadSdk.js';
import { readSettings } from '../dist/nodes/AiDispatchChatModel/request/readSettings.js';
import {
	completion,
	FakeCompletions,
	piece,
	refusal,
	stream,
	usage,
	WHY,
} from './fakes/completions.mjs';
import { execution } from './fakes/execution.mjs';

const { NodeApiError } = createRequire(import.meta.url)('n8n-workflow');

const hello = [{ role: 'user', content: [{ type: 'text', text: 'Say hello' }] }];
const adder = {
	type: 'function',
	name: 'add',
	description: 'Adds',
	inputSchema: { type: 'object', properties: { a: { type: 'number' } } },
};

let sidecar;
let sdk;
before(async () => {
	sidecar = await new FakeCompletions().start();
	sdk = await loadSdk({});
});
after(async () => await sidecar.stop());
beforeEach(() => {
	sidecar.asked.length = 0;
	sidecar.answers.length = 0;
});

/** The model with these fields, and what n8n gave it. */
function made(fields = {}, url = sidecar.url) {
	const context = execution(url, [''], { items: [fields] });
	return { context, model: new DispatchChatModel(context, sdk, readSettings(context, 0)) };
}

async function asked(fields, messages = hello, config = {}) {
	sidecar.answers.push(completion({ content: 'Hello' }));
	await made(fields).model.generate(messages, config);
	return sidecar.asked.at(-1);
}

async function pieces(fields, tools = []) {
	const { model, context } = made(fields);
	const chunks = [];
	for await (const chunk of model.withTools(tools).stream(hello)) chunks.push(chunk);
	return { chunks, context };
}

test('what was not filled in is not sent, and the choice is the sidecar’s', async () => {
	const { path, body, headers } = await asked({ model: '' });
	assert.equal(path, '/v1/chat/completions');
	assert.deepEqual(body, { model: 'auto', messages: [{ role: 'user', content: 'Say hello' }] });
	assert.equal(headers.authorization, 'Bearer t');
	const hints = Object.keys(headers).filter((name) => name.startsWith('x-dispatch-'));
	assert.deepEqual(hints, ['x-dispatch-timeout', 'x-dispatch-workflow-id', 'x-dispatch-node-id']);
});

test('how to choose goes along in headers, and never an item: an agent’s next call is no new try', async () => {
	const { headers } = await asked({
		taskType: 'code-generation',
		complexity: 'low',
		options: {
			objective: 'fastest',
			timeout: 20,
			privacy: 'local',
			minQuality: 0.4,
			explore: false,
		},
	});
	const hints = Object.entries(headers).filter(([name]) => name.startsWith('x-dispatch-'));
	assert.deepEqual(Object.fromEntries(hints), {
		'x-dispatch-task-type': 'code-generation',
		'x-dispatch-complexity': 'low',
		'x-dispatch-objective': 'fastest',
		'x-dispatch-timeout': '20',
		'x-dispatch-min-quality': '0.4',
		'x-dispatch-privacy': 'local',
		'x-dispatch-explore': 'false',
		'x-dispatch-workflow-id': 'w-1',
		'x-dispatch-node-id': 'n-1',
	});
	assert.equal(headers['idempotency-key'], undefined);
});

test('a hint that no header can hold is percent-encoded', async () => {
	const { headers } = await asked({ taskType: 'übersetzen\r\nx: y' });
	assert.equal(headers['x-dispatch-task-type'], '%C3%BCbersetzen%0D%0Ax: y');
});

test('model, temperature, length, format and stop words go into the body', async () => {
	const options = { temperature: 0, maxTokens: 64, responseFormat: 'json_object' };
	const { body } = await asked({ model: 'qwen', options }, hello, { stop: ['\n'] });
	assert.deepEqual(body, {
		model: 'qwen',
		messages: [{ role: 'user', content: 'Say hello' }],
		temperature: 0,
		max_tokens: 64,
		stop: ['\n'],
		response_format: { type: 'json_object' },
	});
});

test('a conversation with calls of tools, their results and an image arrives as it was', async () => {
	const { body } = await asked({}, [
		{ role: 'system', content: [{ type: 'text', text: 'Be brief' }] },
		{
			role: 'user',
			content: [
				{ type: 'text', text: 'What is it?' },
				{ type: 'file', mediaType: 'image/png', data: 'QUJD' },
			],
		},
		{
			role: 'assistant',
			content: [
				{ type: 'reasoning', text: 'hm' },
				{ type: 'tool-call', toolCallId: 'a', toolName: 'add', input: '{"a":1}' },
				{ type: 'invalid-tool-call', toolCallId: 'b', name: 'add', args: '{', error: 'no JSON' },
			],
		},
		{
			role: 'tool',
			content: [
				{ type: 'tool-result', toolCallId: 'a', result: { sum: 1 } },
				{ type: 'tool-result', toolCallId: 'b', result: 'no JSON', isError: true },
			],
		},
	]);
	assert.deepEqual(body.messages, [
		{ role: 'system', content: 'Be brief' },
		{
			role: 'user',
			content: [
				{ type: 'text', text: 'What is it?' },
				{ type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } },
			],
		},
		{
			role: 'assistant',
			content: '',
			tool_calls: [
				{ id: 'a', type: 'function', function: { name: 'add', arguments: '{"a":1}' } },
				{ id: 'b', type: 'function', function: { name: 'add', arguments: '{' } },
			],
		},
		{ role: 'tool', tool_call_id: 'a', content: '{"sum":1}' },
		{ role: 'tool', tool_call_id: 'b', content: 'no JSON' },
	]);
});

test('a file that is no image is refused in words', async () => {
	const content = [{ type: 'file', mediaType: 'application/pdf', data: 'QUJD' }];
	await assert.rejects(made().model.generate([{ role: 'user', content }]), /application\/pdf/);
});

test('an answer comes with its usage, why it ended and who gave it', async () => {
	sidecar.answers.push(completion({ content: 'Hello' }, 'length'));
	const { model, context } = made();
	const result = await model.generate(hello);
	assert.deepEqual(result.message.content, [{ type: 'text', text: 'Hello' }]);
	assert.equal(result.finishReason, 'length');
	assert.deepEqual(result.usage, { promptTokens: 7, completionTokens: 2, totalTokens: 9 });
	assert.equal(result.providerMetadata.dispatch_id, 'd-1');
	assert.equal(result.providerMetadata.model_name, 'qwen');
	assert.deepEqual(
		context.hints.map(({ message }) => message),
		[`Served by qwen, because ${WHY}`],
	);
});

test('an agent’s calls are told once as long as the same model answers for the same reason', async () => {
	const { model, context } = made();
	for (const each of [model, model.withTools([adder]), model]) {
		sidecar.answers.push(completion({ content: 'Hello' }));
		await each.generate(hello);
	}
	assert.equal(context.hints.length, 1);
});

test('tools are offered by their schema, and a model’s calls come back with their ids', async () => {
	const tool_calls = [
		{ id: 'x', type: 'function', function: { name: 'add', arguments: '{"a": 1}' } },
		{ id: 'y', type: 'function', function: { name: 'add', arguments: '{"a": 2}' } },
	];
	sidecar.answers.push(completion({ content: null, tool_calls }, 'tool_calls'));
	const result = await made().model.withTools([adder]).generate(hello);
	const { name, description, inputSchema: parameters } = adder;
	assert.deepEqual(sidecar.asked[0].body.tools, [
		{ type: 'function', function: { name, description, parameters } },
	]);
	assert.equal(result.finishReason, 'tool-calls');
	assert.deepEqual(
		result.message.content.slice(0, 2).map(({ toolCallId, input }) => [toolCallId, input]),
		[
			['x', '{"a": 1}'],
			['y', '{"a": 2}'],
		],
	);
});

test('a streamed answer comes in pieces and ends with its usage', async () => {
	const ends = [piece({}, 'stop'), usage, '[DONE]'];
	sidecar.answers.push(
		stream(piece({ role: 'assistant', content: 'Hel' }), piece({ content: 'lo' }), ...ends),
	);
	const { chunks, context } = await pieces();
	const { stream: isStream, stream_options } = sidecar.asked[0].body;
	assert.deepEqual(
		{ isStream, stream_options },
		{ isStream: true, stream_options: { include_usage: true } },
	);
	assert.deepEqual(chunks, [
		{ type: 'text-delta', delta: 'Hel' },
		{ type: 'text-delta', delta: 'lo' },
		{
			type: 'finish',
			finishReason: 'stop',
			usage: { promptTokens: 7, completionTokens: 2, totalTokens: 9 },
		},
	]);
	assert.equal(context.hints[0].message, `Served by qwen, because ${WHY}`);
});

test('streamed calls of tools leave whole, for n8n takes all bits for bits of one call', async () => {
	const bit = (index, id, args, name) =>
		piece({ tool_calls: [{ index, id, function: { name, arguments: args } }] });
	sidecar.answers.push(
		stream(
			bit(0, 'x', '', 'add'),
			bit(0, undefined, '{"a"'),
			bit(1, 'y', '{"a": 2}', 'add'),
			bit(0, undefined, ': 1}'),
			piece({}, 'tool_calls'),
			'[DONE]',
		),
	);
	const { chunks } = await pieces({}, [adder]);
	assert.deepEqual(chunks.slice(0, 2), [
		{ type: 'tool-call-delta', id: 'x', name: 'add', argumentsDelta: '{"a": 1}' },
		{ type: 'tool-call-delta', id: 'y', name: 'add', argumentsDelta: '{"a": 2}' },
	]);
	assert.equal(chunks.at(-1).finishReason, 'tool-calls');
});

const busy = {
	code: 'no_model_fits',
	message: 'No model fits into memory.',
	type: 'server_error',
	param: null,
	retryable: true,
	retry_after_s: 4,
};

test('a refusal is thrown in the sidecar’s words, whether a stream was wanted or not', async () => {
	for (const ask of [async () => await made().model.generate(hello), async () => await pieces()]) {
		sidecar.answers.push(refusal(503, busy));
		await assert.rejects(ask, (error) => {
			assert.ok(error instanceof NodeApiError);
			assert.equal(error.message, busy.message);
			assert.equal(error.httpCode, '503');
			assert.match(error.description, /Trying again in 4 s may help/);
			assert.equal(error.functionality, 'configuration-node');
			return true;
		});
	}
});

test('an error in the midst of a stream is thrown in the sidecar’s words', async () => {
	sidecar.answers.push(stream(piece({ content: 'Hel' }), JSON.stringify({ error: busy })));
	await assert.rejects(pieces, { message: busy.message });
});

test('a stream that breaks off or ends before the model has is no answer', async () => {
	for (const end of [[null], [], ['[DONE]'], ['{"cut']]) {
		sidecar.answers.push(stream(piece({ content: 'Hel' }), ...end));
		await assert.rejects(pieces, (error) => {
			assert.equal(error.context.data.code, 'connection_lost');
			return true;
		});
	}
});

test('another program at the address is told from a sidecar', async () => {
	for (const ask of [async () => await made().model.generate(hello), async () => await pieces()]) {
		sidecar.answers.push({ body: '"hello"' });
		await assert.rejects(ask, /not as AI Dispatch does/);
	}
});

test('a sidecar that is not there says how to start it', async () => {
	const { model } = made({}, 'http://127.0.0.1:9');
	await assert.rejects(model.generate(hello), /is the AI Dispatch sidecar running/);
});

test('a timeout that is none is named', async () => {
	await assert.rejects(made({ options: { timeout: 'soon' } }).model.generate(hello), /'Timeout'/);
});

test('n8n gets a model that chains call, and its run shows prompt, answer and tokens', async () => {
	sidecar.answers.push(completion({ content: 'Hello' }));
	const context = execution(sidecar.url, [''], { items: [{ model: 'auto' }] });
	const { response } = await new AiDispatchChatModel().supplyData.call(context, 0);
	const answer = await response.invoke('Say hello');
	assert.equal(answer.text, 'Hello');
	assert.equal(answer.response_metadata.model_name, 'qwen');
	const [[[{ json }]]] = context.outputs;
	assert.deepEqual(json.tokenUsage, { completionTokens: 2, promptTokens: 7, totalTokens: 9 });
});
