import type { Job } from './Job';

/** Far below the 2 MiB that the sidecar takes at once, unless it was told otherwise. */
const BYTES_MAX = 1_000_000;

const JOBS_MAX = 500;

/** The jobs in their order, in as few submissions as fit: one that is too long by itself goes alone. */
export function intoBatches(jobs: Job[]): Job[][] {
	const batches: Job[][] = [];
	let bytes = Infinity;
	for (const job of jobs) {
		const more = Buffer.byteLength(JSON.stringify(job.body));
		if (bytes + more > BYTES_MAX || batches.at(-1)!.length === JOBS_MAX) {
			batches.push([]);
			bytes = 0;
		}
		batches.at(-1)!.push(job);
		bytes += more;
	}
	return batches;
}
