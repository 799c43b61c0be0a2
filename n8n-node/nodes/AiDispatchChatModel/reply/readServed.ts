import type { Served } from './Served';

/** Who answered, from the headers of an answer: the sidecar sends them with its first byte. */
export function readServed(headers: Record<string, unknown> = {}): Served {
	const read = (name: string) => decoded(headers[`x-dispatch-${name}`]);
	return { dispatch_id: read('id'), model: read('model'), why: read('why') };
}

/** A header holds ASCII only; what is beyond comes percent-encoded. */
function decoded(value: unknown): string | undefined {
	if (typeof value !== 'string' || value === '') return undefined;
	try {
		return decodeURIComponent(value);
	} catch {
		return value;
	}
}
