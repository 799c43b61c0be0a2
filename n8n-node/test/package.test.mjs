// What n8n reads before a user sees the node.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { AiDispatch } from '../dist/nodes/AiDispatch/AiDispatch.node.js';
import { AiDispatchChatModel } from '../dist/nodes/AiDispatchChatModel/AiDispatchChatModel.node.js';

const read = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));
const manifest = read('package.json');
const { description, methods } = new AiDispatch();
const chatModel = new AiDispatchChatModel();
const operations = description.properties.filter(({ name }) => name === 'operation');
const property = (name) => description.properties.find((each) => each.name === name);

test('every file the manifest names is built', () => {
	for (const path of [...manifest.n8n.nodes, ...manifest.n8n.credentials]) {
		assert.ok(existsSync(new URL(`../${path}`, import.meta.url)), path);
	}
});

test('the package brings no code but its own', () => {
	assert.equal(manifest.dependencies, undefined);
	assert.deepEqual(manifest.peerDependencies, { '@n8n/ai-node-sdk': '*', 'n8n-workflow': '*' });
	assert.equal(manifest.n8n.aiNodeSdkVersion, 1);
	for (const name of Object.values(manifest.devDependencies)) assert.match(name, /^\d+\.\d+\.\d+$/);
});

test('the package is small, for it holds nothing that n8n does not read', () => {
	const cwd = new URL('..', import.meta.url);
	const [{ size }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd }));
	assert.ok(size < 60_000, `${size} bytes`);
});

test("n8n's node search can find the node", () => {
	const codex = read('dist/nodes/AiDispatch/AiDispatch.node.json');
	assert.ok(codex.subcategories.AI.includes('Root Nodes'), 'hidden without it');
	assert.ok(codex.resources, 'without it the whole file is dropped');
	assert.ok(['ollama', 'llm', 'router'].every((word) => codex.alias.includes(word)));
});

test('the node can be dragged to the canvas, for it has several actions', () => {
	const actions = operations.flatMap(({ options }) => options.map(({ action }) => action));
	assert.deepEqual(actions, [
		'Chat with a model',
		'Dispatch a prompt',
		'Explain the choice of a model',
		'Send feedback on an answer',
		'Get a job',
		'Submit a job',
		'Get the status',
		'List models',
	]);
});

test('every resource has operations, and no two operations share a value', () => {
	const shown = operations.map(({ displayOptions }) => displayOptions.show.resource);
	const resources = property('resource').options.map(({ value }) => [value]);
	assert.deepEqual(shown, resources);
	const values = operations.flatMap(({ options }) => options.map(({ value }) => value));
	assert.equal(new Set(values).size, values.length);
});

test('workflows from before there were resources keep their operations', () => {
	const [{ options }] = operations.filter(({ displayOptions }) =>
		displayOptions.show.resource.includes(property('resource').default),
	);
	const values = options.map(({ value }) => value);
	for (const value of ['dispatch', 'explain', 'feedback']) assert.ok(values.includes(value), value);
});

test('every operation has fields of its own, or needs none', () => {
	const fieldsOf = (operation) =>
		description.properties
			.filter(({ displayOptions }) => displayOptions?.show.operation?.includes(operation))
			.map(({ name }) => name);
	const asking = ['taskType', 'complexity', 'model', 'simplify', 'options'];
	const inAnyOrder = (names) => [...new Set(names)].sort();
	for (const [operation, names] of Object.entries({
		dispatch: [...asking, 'prompt'],
		explain: [...asking, 'prompt'],
		chat: [...asking, 'specifyMessages', 'messages', 'messagesJson'],
		submit: [
			...asking,
			...['askWith', 'prompt', 'specifyMessages', 'messages', 'messagesJson', 'callbackUrl'],
		],
		feedback: ['dispatchId', 'nextStepFailed', 'score', 'comment'],
		get: ['jobId', 'wait', 'simplify'],
		getStatus: ['simplify'],
		listModels: ['simplify'],
	}))
		assert.deepEqual(inAnyOrder(fieldsOf(operation)), inAnyOrder(names), operation);
});

test('the list of models asks a method that is there', () => {
	const { searchListMethod } = property('model').modes[0].typeOptions;
	assert.equal(typeof methods.listSearch[searchListMethod], 'function');
});

test('the chat model is found among the chat models, and is no tool of its own', () => {
	const codex = read('dist/nodes/AiDispatchChatModel/AiDispatchChatModel.node.json');
	assert.deepEqual(codex.subcategories['Language Models'], ['Chat Models (Recommended)']);
	assert.ok(codex.resources, 'without it the whole file is dropped');
	assert.equal(chatModel.description.usableAsTool, undefined);
	assert.deepEqual(chatModel.description.outputs, ['ai_languageModel']);
	assert.equal(typeof chatModel.methods.listSearch.searchModels, 'function');
});

test('the chat model asks for the same kinds of work as the node, and some of its options', () => {
	const field = (name) => chatModel.description.properties.find((each) => each.name === name);
	for (const name of ['taskType', 'complexity', 'model']) {
		const { displayOptions, ...same } = property(name);
		assert.deepEqual(field(name), same);
	}
	assert.deepEqual(
		field('options').options.map(({ displayName }) => displayName),
		[
			'Explore',
			'Max Tokens',
			'Minimum Quality',
			'Objective',
			'Privacy',
			'Response Format',
			'Temperature',
			'Timeout',
		],
	);
});

test('an n8n that has no package for models loads the nodes all the same', () => {
	const file = new URL('../dist/nodes/AiDispatchChatModel/', import.meta.url);
	const script = `
		const Module = require('node:module');
		const load = Module._load;
		Module._load = (name, ...rest) => {
			if (name === '@n8n/ai-node-sdk') throw new Error('Cannot find module ' + name);
			return load(name, ...rest);
		};
		const { AiDispatchChatModel } = require('./AiDispatchChatModel.node.js');
		const context = { getNode: () => ({ name: 'Model' }) };
		new AiDispatchChatModel().supplyData.call(context, 0).catch((error) => console.log(error.message));`;
	const said = execFileSync(process.execPath, ['-e', script], { cwd: file, encoding: 'utf8' });
	assert.equal(said.trim(), 'AI Dispatch Chat Model needs n8n 2.16 or newer');
});

const SHOWN = new Map(
	[description, chatModel.description].map((shown) => [`${manifest.name}.${shown.name}`, shown]),
);

for (const file of readdirSync(new URL('../workflows', import.meta.url))) {
	test(`the example workflow ${file} fills fields that exist`, () => {
		const { nodes } = read(`workflows/${file}`);
		const ours = nodes.filter(({ type }) => SHOWN.has(type));
		assert.ok(ours.length > 0);
		for (const { type, parameters } of ours) {
			const field = (name) => SHOWN.get(type).properties.find((each) => each.name === name);
			for (const name of Object.keys(parameters)) assert.ok(field(name), name);
			const options = field('options').options.map(({ name }) => name);
			for (const name of Object.keys(parameters.options ?? {})) {
				assert.ok(options.includes(name), name);
			}
		}
	});

	test(`the README speaks of the example workflow ${file}`, () => {
		const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
		assert.ok(readme.includes(`(workflows/${file})`));
	});
}
