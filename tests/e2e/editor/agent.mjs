// Gives an AI Agent our chat model by the plus below it, and has the workflow executed.
import { begin, closeNode, option, photograph, shownOutput, type, workflowId } from './canvas.mjs';

export async function ask(page, { credential, prompt, shot }) {
	await begin(page);
	await page.getByTestId('node-creator-plus-button').click();
	await page.getByTestId('node-creator-search-bar').fill('ai agent');
	await page
		.getByTestId('node-creator-item-name')
		.getByText('AI Agent', { exact: true })
		.first()
		.click();
	await page.getByTestId('ndv').waitFor();
	await option(page, 'parameter-input-promptType', 'Define below');
	await type(page, 'text', prompt);
	await closeNode(page);
	const handle = '[data-test-id="canvas-node-input-handle"][data-handleid*="ai_languageModel"]';
	await page.locator(`${handle} [data-test-id="canvas-handle-plus-wrapper"]`).first().click();
	await page.getByTestId('node-creator-search-bar').fill('dispatch');
	await page
		.getByTestId('node-creator-item-name')
		.getByText('AI Dispatch Chat Model', { exact: true })
		.click();
	const adding = page.getByRole('button', { name: 'Add to workflow' });
	await adding.or(page.getByTestId('ndv')).first().waitFor();
	if (await adding.isVisible()) await adding.click();
	await page.getByTestId('ndv').waitFor();
	await option(page, 'node-credentials-select', credential);
	await closeNode(page);
	await page.getByTestId('execute-workflow-button').click();
	const done = page.locator(
		'[data-test-id="canvas-node"][data-node-name="AI Agent"] [data-test-id="canvas-node-status-success"]',
	);
	await done.waitFor({ timeout: 120_000 });
	await page.getByTestId('tidy-up-button').click();
	await photograph(page, shot);
	await page.locator('[data-test-id="canvas-node"][data-node-name="AI Agent"]').dblclick();
	return {
		output: await shownOutput(page, 'output'),
		workflowId: workflowId(page),
	};
}
