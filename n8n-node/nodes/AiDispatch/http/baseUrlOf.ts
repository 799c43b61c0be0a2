import { UserError } from 'n8n-workflow';

/** The address from the credential, ready to have a path put after it. */
export function baseUrlOf(written: unknown): string {
	const url = String(written ?? '').trim();
	if (!/^https?:\/\/[^/]/i.test(url)) {
		throw new UserError("'Base URL' of the AI Dispatch API credential is not an address", {
			description: 'It begins with http:// or https://, for example http://127.0.0.1:3000.',
		});
	}
	return url.replace(/\/+$/, '');
}
