// What n8n hands to a node that runs: its items and fields, and requests that go out over a real socket.
import { request } from 'node:http';

/** A run of the node with one item for each prompt, against the sidecar at `url`. */
export function execution(
	url,
	prompts,
	{ options = {}, onError, simplify = true, token = 't', items = [] } = {},
) {
	const abort = new AbortController();
	const fields = { taskType: 'auto', complexity: 'auto', model: 'auto', options, simplify };
	return {
		hints: [],
		inputs: [],
		outputs: [],
		toldInBrowser: [],
		stop: () => abort.abort(),
		getInputData: () => prompts.map((prompt) => ({ json: { prompt } })),
		getNodeParameter: (name, item, fallback) =>
			({ ...fields, prompt: prompts[item], ...items[item] })[name] ?? fallback,
		getNode: () => ({ id: 'n-1', name: 'AI Dispatch', type: 'x', typeVersion: 1, onError }),
		getWorkflow: () => ({ id: 'w-1' }),
		getExecutionId: () => '7',
		getInstanceId: () => 'i-1',
		getWorkflowDataProxy: () => ({ $runIndex: 2 }),
		getCredentials: async () => ({ baseUrl: url, token }),
		getExecutionCancelSignal: () => abort.signal,
		continueOnFail: () => onError !== undefined,
		addExecutionHints(...hints) {
			this.hints.push(...hints);
		},
		// What sub-nodes write down for the execution's log.
		addInputData(_kind, data) {
			return { index: this.inputs.push(data) - 1 };
		},
		addOutputData(_kind, _index, data) {
			this.outputs.push(data);
		},
		getNextRunIndex() {
			return this.inputs.length;
		},
		logAiEvent() {},
		sendMessageToUI(message) {
			this.toldInBrowser.push(message);
		},
		helpers: {
			async httpRequestWithAuthentication(_credential, asked) {
				return await sent(asked, token, this.getExecutionCancelSignal());
			},
		},
	};
}

/**
 * As n8n sends it: the token put in, the body as JSON, an end after `timeout`, broken off when the run is stopped; the
 * answer read, unless it is wanted as a stream.
 */
async function sent({ url, method, body, timeout, headers: more, encoding }, token, signal) {
	const headers = { ...more, 'content-type': 'application/json', authorization: `Bearer ${token}` };
	return await new Promise((resolve, reject) => {
		const fail = (code) => reject(Object.assign(new Error(code), { code }));
		const call = request(
			url,
			{ method, headers, signal, timeout, agent: false },
			async (answer) => {
				const { statusCode, headers: said } = answer;
				if (encoding === 'stream') return resolve({ statusCode, headers: said, body: answer });
				const chunks = [];
				try {
					for await (const chunk of answer) chunks.push(chunk);
					const text = Buffer.concat(chunks).toString();
					resolve({ statusCode, headers: said, body: read(text) });
				} catch (error) {
					fail(error.code);
				}
			},
		);
		call.on('timeout', () => call.destroy(Object.assign(new Error(), { code: 'ECONNABORTED' })));
		call.on('error', ({ code }) => fail(code === 'ABORT_ERR' ? 'ERR_CANCELED' : code));
		call.end(JSON.stringify(body));
	});
}

function read(text) {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
