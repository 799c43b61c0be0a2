// What n8n reads before a user sees the node.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { AiDispatch } from '../dist/nodes/AiDispatch/AiDispatch.node.js';

const read = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));
const manifest = read('package.json');
const { description, methods } = new AiDispatch();
const property = (name) => description.properties.find((each) => each.name === name);

test('every file the manifest names is built', () => {
	for (const path of [...manifest.n8n.nodes, ...manifest.n8n.credentials]) {
		assert.ok(existsSync(new URL(`../${path}`, import.meta.url)), path);
	}
});

test('the package brings no code but its own', () => {
	assert.equal(manifest.dependencies, undefined);
	assert.deepEqual(manifest.peerDependencies, { 'n8n-workflow': '*' });
	for (const name of Object.values(manifest.devDependencies)) assert.match(name, /^\d+\.\d+\.\d+$/);
});

test('the package is small, for it holds nothing that n8n does not read', () => {
	const cwd = new URL('..', import.meta.url);
	const [{ size }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd }));
	assert.ok(size < 40_000, `${size} bytes`);
});

test("n8n's node search can find the node", () => {
	const codex = read('dist/nodes/AiDispatch/AiDispatch.node.json');
	assert.ok(codex.subcategories.AI.includes('Root Nodes'), 'hidden without it');
	assert.ok(codex.resources, 'without it the whole file is dropped');
	assert.ok(['ollama', 'llm', 'router'].every((word) => codex.alias.includes(word)));
});

test('the node can be dragged to the canvas, for it has several actions', () => {
	const actions = property('operation').options.map(({ action }) => action);
	assert.deepEqual(actions, [
		'Dispatch a prompt',
		'Explain the choice of a model',
		'Send feedback on an answer',
	]);
});

test('the list of models asks a method that is there', () => {
	const { searchListMethod } = property('model').modes[0].typeOptions;
	assert.equal(typeof methods.listSearch[searchListMethod], 'function');
});

test('the example workflow fills fields that exist', () => {
	const { nodes } = read('workflows/dispatch-a-prompt.json');
	const example = nodes.find(({ type }) => type === `${manifest.name}.${description.name}`);
	for (const name of Object.keys(example.parameters)) assert.ok(property(name), name);
	for (const name of Object.keys(example.parameters.options)) {
		assert.ok(
			property('options').options.some((option) => option.name === name),
			name,
		);
	}
});
