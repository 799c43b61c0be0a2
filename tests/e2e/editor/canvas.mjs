// What every scenario does on the canvas and in a node's form.
import { open } from './session.mjs';

export async function begin(page) {
	await open(page, '/workflow/new');
	await page.getByTestId('canvas-plus-button').click();
	await page.getByTestId('node-creator-search-bar').fill('manual');
	await page.getByTestId('node-creator-item-name').getByText('Manual Trigger').first().click();
	await page.locator('[data-test-id="canvas-node"]').first().waitFor();
}

// An earlier menu may still be in the list, hence visible ones only.
export async function option(page, field, text) {
	await page.getByTestId(field).click();
	await page
		.locator('[role="option"]:visible, .el-select-dropdown__item:visible', {
			hasText: text,
		})
		.first()
		.click();
}

export async function type(page, parameter, text) {
	await page
		.getByTestId(`parameter-input-${parameter}`)
		.locator('textarea, .cm-content')
		.first()
		.fill(text);
}

export async function closeNode(page) {
	await page.getByTestId('ndv-close-button').click();
	await page.getByTestId('ndv').waitFor({ state: 'hidden' });
}

// The output as JSON, once it is there with this field.
export async function shownOutput(page, field) {
	const panel = page.getByTestId('output-panel');
	await panel.getByText('JSON', { exact: true }).click();
	await panel.getByText(`"${field}"`).first().waitFor();
	return await panel.innerText();
}

// The whole workflow, as large as it goes, without what n8n says beside it for a moment.
export async function photograph(page, path) {
	await hideToasts(page);
	await page.getByTestId('zoom-to-fit').click();
	await page.getByTestId('canvas-wrapper').click({ position: { x: 700, y: 60 } });
	await page.getByTestId('canvas-wrapper').screenshot({ path, animations: 'disabled' });
}

export async function hideToasts(page) {
	await page.addStyleTag({ content: '.el-notification { display: none !important }' });
}

export function workflowId(page) {
	return new URL(page.url()).pathname.split('/')[2];
}
