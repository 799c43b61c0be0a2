import type { StreamChunk } from '@n8n/ai-node-sdk';
import type { INode, ISupplyDataFunctions } from 'n8n-workflow';
import { NodeApiError } from 'n8n-workflow';

import { connectionCode } from '../AiDispatch/failure/connectionCode';
import { wordError } from '../AiDispatch/failure/wordError';
import { wordRefusal } from '../AiDispatch/failure/wordRefusal';
import { wordSilence } from '../AiDispatch/failure/wordSilence';
import { exchange } from '../AiDispatch/http/exchange';
import { modelError } from './modelError';
import { readChunks } from './reply/readChunks';
import { readServed } from './reply/readServed';
import type { Served } from './reply/Served';
import type { Asked } from './request/Asked';
import { callFor } from './request/callFor';
import type { Settings } from './request/Settings';
import type { Sdk } from './Sdk';

type Body = AsyncIterableIterator<Uint8Array>;

/** An answer of the sidecar that is still being written, and who writes it; any failure is thrown as n8n shows it best. */
export async function askForStream(
	context: ISupplyDataFunctions,
	sdk: Sdk,
	asked: Asked,
	settings: Settings,
): Promise<{ chunks: AsyncIterable<StreamChunk>; served: Served }> {
	const node = context.getNode();
	const exchanged = await exchange(context, callFor(asked, settings));
	if ('failure' in exchanged) throw modelError(exchanged.failure, node);
	const { baseUrl, response } = exchanged;
	const body = response.body as Body;
	if (!String(response.headers['content-type']).startsWith('text/event-stream')) {
		throw modelError(wordRefusal(response.statusCode, await read(body), baseUrl), node);
	}
	const chunks = carefully(sdk, body, baseUrl, node);
	return { chunks, served: readServed(response.headers) };
}

/** The pieces of the answer; when the sidecar or the connection breaks off, the reason in words. */
async function* carefully(sdk: Sdk, body: Body, baseUrl: string, node: INode) {
	const refused = (error?: unknown) =>
		modelError(wordError(error) ?? wordSilence('ECONNRESET', '', baseUrl, 0), node);
	try {
		yield* readChunks(sdk.parseSSEStream(body), refused);
	} catch (error) {
		const code = connectionCode(error) || 'ECONNRESET';
		const worded = wordSilence(code, (error as Error).message, baseUrl, 0);
		throw error instanceof NodeApiError ? error : modelError(worded, node);
	}
}

/** The JSON of an answer that turned out not to be streamed. */
async function read(body: Body): Promise<unknown> {
	const decoder = new TextDecoder();
	let text = '';
	for await (const bytes of body) text += decoder.decode(bytes, { stream: true });
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
