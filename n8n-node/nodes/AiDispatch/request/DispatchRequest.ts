import type { IDataObject } from 'n8n-workflow';

/** The body for the sidecar, as far as the node itself reads it again. */
export interface DispatchRequest extends IDataObject {
	prompt: string;
	/** `timeout`: seconds the answer may take. */
	requirements: IDataObject & { timeout: number };
}
