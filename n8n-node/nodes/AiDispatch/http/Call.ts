import type { IDataObject, IHttpRequestMethods } from 'n8n-workflow';

/** One question to the sidecar. */
export interface Call {
	method: IHttpRequestMethods;
	path: string;
	headers?: IDataObject;
	body?: IDataObject;
	/** Whether the answer comes bit by bit. */
	isStream?: boolean;
	/** How long to wait for the answer. Always said: on its own n8n gives up after 300 s. */
	waitS: number;
	/** A status beside the good ones that comes with a real answer. */
	alsoGood?: number;
	/** A field that every good answer has: without it, somebody else answered. */
	proof: string;
}
