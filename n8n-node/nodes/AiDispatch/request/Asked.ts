import type { IDataObject } from 'n8n-workflow';

/** What the model is asked: one text, or a conversation. */
export type Asked = { prompt: string } | { messages: IDataObject[] };
