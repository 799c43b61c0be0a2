/** As many as one question about jobs may name. */
const LARGEST = 1000;

/** How many items the sidecar has at a time, as the user gave it; all that it takes when that is missing or unreadable. */
export function readBatchSize(value: unknown): number {
	const size = Math.trunc(Number(value ?? 0));
	return size >= 1 ? Math.min(LARGEST, size) : LARGEST;
}
