// Has a workflow that n8n has executed in one of its two themes, and takes pictures of it.
import { photograph } from './canvas.mjs';
import { open } from './session.mjs';

export async function picture(page, { workflowId, theme, shot, node, nodeShot }) {
	await page.emulateMedia({ colorScheme: theme });
	await open(page, `/workflow/${workflowId}`);
	const shown = page.locator(`[data-test-id="canvas-node"][data-node-name="${node}"]`);
	await shown.waitFor();
	await page.getByTestId('execute-workflow-button').click();
	await page.getByText('Workflow executed successfully').waitFor();
	await photograph(page, shot);
	const icons = await page
		.locator('[data-test-id="canvas-node"] img')
		.evaluateAll((images) => images.map((image) => image.getAttribute('src')));
	await shown.dblclick();
	await page.getByTestId('ndv').waitFor();
	await page.screenshot({ path: nodeShot });
	return { icons };
}
