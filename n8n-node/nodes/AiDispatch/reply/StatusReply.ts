import type { IDataObject } from 'n8n-workflow';

/** What the sidecar says of its parts, and of its fleet, as far as the node reads it. */
export interface StatusReply extends IDataObject {
	status: string;
	parts: Record<string, { status: string; detail: string }>;
	memory_budget_mib: number;
	memory_reserved_mib: number;
	containers: Array<{ model: string; state: string; in_flight: number; waiting: number }>;
}
