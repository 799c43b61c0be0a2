import type { IDataObject } from 'n8n-workflow';

/** The body for the sidecar, with a `prompt` or with `messages`, as far as the node itself reads it again. */
export interface DispatchRequest extends IDataObject {
	/** `timeout`: seconds the answer may take. */
	requirements: IDataObject & { timeout: number };
}
