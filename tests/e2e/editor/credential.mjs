// Saves a credential on n8n's own screen, and tells what that screen says of it.
import { open } from './session.mjs';

export async function saveCredential(page, { baseUrl, tokens, shot }) {
	await open(page, '/home/credentials');
	await page
		.getByTestId('add-resource-credential')
		.or(page.getByTestId('empty-resources-list').getByRole('button'))
		.first()
		.click();
	await page.getByTestId('new-credential-type-select').locator('input').fill('AI Dispatch');
	await page
		.locator('.el-select-dropdown__item:visible', {
			hasText: 'AI Dispatch API',
		})
		.first()
		.click();
	await page.getByTestId('new-credential-type-button').click();
	await page.getByTestId('parameter-input-baseUrl').locator('input').fill(baseUrl);
	const verdicts = [];
	for (const token of tokens) {
		await page.getByTestId('parameter-input-token').locator('input').fill(token);
		const tested = page.waitForResponse((response) =>
			response.url().endsWith('/rest/credentials/test'),
		);
		await page.getByTestId('credential-save-button').click();
		await tested;
		const banner = page
			.getByTestId('credentials-config-container-test-success')
			.or(page.getByText('Couldn’t connect'))
			.first();
		await banner.waitFor();
		verdicts.push(await banner.innerText());
	}
	await page.screenshot({ path: shot });
	return verdicts;
}
