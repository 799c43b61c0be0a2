import type { IDataObject } from 'n8n-workflow';

/** The sidecar's registry, as far as the node reads it. */
export interface ModelsReply {
	models: Array<
		IDataObject & {
			id: string;
			name: string;
			enabled: boolean;
			task_types: string[];
			weights: string;
		}
	>;
}
