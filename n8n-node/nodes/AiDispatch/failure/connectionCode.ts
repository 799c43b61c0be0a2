/** The code of a broken connection (ECONNREFUSED, ERR_CANCELED, …) from the error n8n wrapped it in, or ''. */
export function connectionCode(error: unknown): string {
	const { httpCode, code, message, messages } = error as {
		httpCode?: string | null;
		code?: string;
		message?: string;
		messages?: string[];
	};
	const words = [httpCode, code, ...(messages ?? []), message].join(' ');
	return /\b(?:ERR_[A-Z_]+|E[A-Z]+(?:_[A-Z]+)*)\b/.exec(words)?.[0] ?? '';
}
