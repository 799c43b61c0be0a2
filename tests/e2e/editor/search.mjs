// In which place of what n8n offers our node stands when somebody types a word.
import { open } from './session.mjs';

export async function search(page, { words, shot }) {
	await open(page, '/workflow/new');
	await page.getByTestId('canvas-plus-button').click();
	await page.getByTestId('node-creator-search-bar').fill('manual');
	await page.getByTestId('node-creator-item-name').getByText('Trigger manually').first().click();
	await page.getByTestId('node-creator-plus-button').click();
	const searchBar = page.getByTestId('node-creator-search-bar');
	const names = page.getByTestId('node-creator-item-name');
	const ours = names.getByText('AI Dispatch', { exact: true });
	const places = {};
	for (const word of words) {
		await searchBar.fill('');
		await ours.first().waitFor({ state: 'hidden' });
		await searchBar.fill(word);
		await ours.first().waitFor();
		places[word] = (await names.allInnerTexts()).indexOf('AI Dispatch');
	}
	await page.screenshot({ path: shot });
	return places;
}
