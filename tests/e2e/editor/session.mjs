// A browser that is logged in to n8n; the Playwright that n8n itself brings drives it.
import { createRequire } from 'node:module';

// A page takes long to load when other tests have the cores.
const PATIENCE_MS = 90_000;

const SWITCHES = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

export async function openBrowser({ program, chromium, baseUrl, email, password }) {
	const playwright = createRequire(`${program}/package.json`)('playwright-core');
	playwright.selectors.setTestIdAttribute('data-test-id');
	const browser = await playwright.chromium.launch({
		executablePath: chromium,
		args: SWITCHES,
	});
	const context = await browser.newContext({
		baseURL: baseUrl,
		viewport: { width: 1440, height: 900 },
		deviceScaleFactor: 1.5,
	});
	context.setDefaultTimeout(PATIENCE_MS);
	await logIn(await context.newPage(), email, password);
	return { browser, context };
}

// A page that stays blank, which happens when the machine is busy, is loaded again, as a person would.
export async function open(page, path) {
	const anything = page.locator('[data-test-id]:visible').first();
	for (let tries = 1; tries <= 3; tries++) {
		await page.goto(path);
		const outcome = await anything.waitFor({ timeout: PATIENCE_MS / 3 }).catch((error) => error);
		if (outcome === undefined) return;
		console.error(`${path} stayed blank`);
	}
	throw new Error(`${path} stayed blank`);
}

async function logIn(page, email, password) {
	await open(page, '/signin');
	await page.getByTestId('emailOrLdapLoginId').locator('input').fill(email);
	await page.getByTestId('password').locator('input').fill(password);
	await page.getByTestId('form-submit-button').click();
	await page.waitForURL((url) => !url.pathname.includes('signin'));
	await page.close();
}
