const DEFAULT_DEADLINE_S = 300;

/** All items of a run are with the sidecar at once, so the last of them waits for all the others. */
const MORE_PER_ITEM_S = 60;

/** The longest a sidecar grants, unless it was told otherwise. */
const LONGEST_S = 3600;

/**
 * Seconds the answer may take, as the user gave them; a missing or unreadable value is the default.
 * Only the default grows with the number of items, and is the longest where nobody waits: what the user said holds as it is.
 */
export function deadlineOf(
	timeout: unknown,
	{ itemCount, isJob }: { itemCount: number; isJob: boolean },
): number {
	const seconds = Number(timeout ?? 0);
	if (Number.isFinite(seconds) && seconds > 0) return seconds;
	if (isJob) return LONGEST_S;
	return Math.min(LONGEST_S, DEFAULT_DEADLINE_S + MORE_PER_ITEM_S * (itemCount - 1));
}
