import type { IDataObject, IHttpRequestMethods } from 'n8n-workflow';

/** One question to the sidecar. */
export interface Call {
	method: IHttpRequestMethods;
	path: string;
	body?: IDataObject;
	/** How long to wait for the answer. Always said: on its own n8n gives up after 300 s. */
	waitS: number;
	/** A field that every good answer has: without it, somebody else answered. */
	proof: string;
}
