/** What the sidecar answered to one call, whatever its status. */
export interface Response {
	statusCode: number;
	headers: Record<string, unknown>;
	/** Read already; of a call that streams, what can be read. */
	body: unknown;
}
