/** Who answered a call, and why that model did. */
export interface Served {
	dispatch_id?: string;
	model?: string;
	why?: string;
}
