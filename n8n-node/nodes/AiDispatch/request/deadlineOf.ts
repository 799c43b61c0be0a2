const DEFAULT_DEADLINE_S = 300;

/** Seconds the answer may take, as the user gave them; a missing or unreadable value is the default. */
export function deadlineOf(timeout: unknown): number {
	const seconds = Number(timeout ?? DEFAULT_DEADLINE_S);
	return Number.isFinite(seconds) && seconds > 0 ? seconds : DEFAULT_DEADLINE_S;
}
