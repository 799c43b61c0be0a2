// Drags our node onto the canvas, fills its form in, and has it executed.
import {
	begin,
	closeNode,
	hideToasts,
	option,
	photograph,
	shownOutput,
	type,
	workflowId,
} from './canvas.mjs';

export async function dispatch(page, { credential, prompt, shot, canvasShot }) {
	await begin(page);
	await page.getByTestId('node-creator-plus-button').click();
	await page.getByTestId('node-creator-search-bar').fill('ai dispatch');
	await page
		.getByTestId('node-creator-item-name')
		.getByText('AI Dispatch', { exact: true })
		.click();
	const action = page.locator('[data-test-id="node-creator"] [draggable=""]', {
		hasText: 'Dispatch a prompt',
	});
	await action.dragTo(page.getByTestId('canvas-wrapper'), { targetPosition: { x: 640, y: 330 } });
	await page.getByTestId('ndv').waitFor();
	await option(page, 'node-credentials-select', credential);
	await option(page, 'parameter-input-taskType', 'Classification');
	await option(page, 'parameter-input-complexity', 'Low');
	await type(page, 'prompt', prompt);
	await page.getByTestId('node-execute-button').click();
	await page.getByTestId('node-run-status-success').first().waitFor({ timeout: 120_000 });
	const output = await shownOutput(page, 'total_s');
	await photographForm(page, shot);
	await closeNode(page);
	await photograph(page, canvasShot);
	return { output, workflowId: workflowId(page) };
}

// The form and what came out, without what went in.
async function photographForm(page, path) {
	await hideToasts(page);
	const form = await page.getByTestId('node-parameters').boundingBox();
	const output = await page.getByTestId('output-panel').boundingBox();
	const [x, y] = [form.x, output.y];
	const clip = {
		x,
		y,
		width: output.x + output.width - x,
		height: output.height,
	};
	await page.screenshot({ path, clip, animations: 'disabled' });
}
