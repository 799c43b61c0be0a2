import type { IDataObject } from 'n8n-workflow';

/** What a chain or an agent wants of one call, in the words of the OpenAI API. */
export interface Asked {
	messages: IDataObject[];
	tools: IDataObject[];
	/** Where to stop writing. */
	stop?: string[];
	isStream: boolean;
}
