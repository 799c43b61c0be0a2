/** The results of `count` pieces of work in their order, at most `limit` at a time; none begins once one has failed. */
export async function inParallel<Result>(
	count: number,
	limit: number,
	work: (index: number) => Promise<Result>,
): Promise<Result[]> {
	const results = new Array<Result>(count);
	const waiting = results.keys();
	let hasFailed = false;
	const worker = async () => {
		for (const index of waiting) {
			if (hasFailed) return;
			const result = work(index);
			result.catch(() => (hasFailed = true));
			results[index] = await result;
		}
	};
	await Promise.all(Array.from({ length: limit }, worker));
	return results;
}
