/** The sidecar's registry, as far as the node reads it. */
export interface ModelsReply {
	models: Array<{ id: string; name: string; enabled: boolean; task_types: string[]; weights: string }>;
}
