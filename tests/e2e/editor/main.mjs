// Drives n8n's editor in a real Chromium: takes one JSON command a line, and answers each with a line of JSON.
import { createInterface } from 'node:readline';

import { ask } from './agent.mjs';
import { saveCredential } from './credential.mjs';
import { dispatch } from './dispatch.mjs';
import { picture } from './picture.mjs';
import { search } from './search.mjs';
import { openBrowser } from './session.mjs';

const ACTIONS = { ask, dispatch, picture, saveCredential, search };

const { browser, context } = await openBrowser(JSON.parse(process.argv[2]));
console.log('{"result":"ready"}');
for await (const line of createInterface({ input: process.stdin })) {
	const { action, given } = JSON.parse(line);
	const page = await context.newPage();
	page.on('pageerror', (error) => console.error(error));
	page.on('requestfailed', (request) => console.error(request.failure().errorText, request.url()));

	try {
		console.log(JSON.stringify({ result: (await ACTIONS[action](page, given)) ?? null }));
	} catch (error) {
		await page.screenshot({ path: given.failure }).catch(() => undefined);
		console.log(JSON.stringify({ error: String(error.stack ?? error) }));
	}
	await page.close();
}
await browser.close();
