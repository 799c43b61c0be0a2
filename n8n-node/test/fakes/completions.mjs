// A sidecar on a real socket that answers chat completions with what it is told to.
import { once } from 'node:events';
import { createServer } from 'node:http';

export const WHY = 'qwen is already loaded: about 2 s — “best” here';

const served = {
	'x-dispatch-id': 'd-1',
	'x-dispatch-model': 'qwen',
	'x-dispatch-why': encodeURIComponent(WHY),
};

/** A whole answer. */
export const completion = (message, finish_reason = 'stop') => ({
	body: JSON.stringify({
		id: 'c-1',
		object: 'chat.completion',
		model: 'qwen',
		choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
		usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
	}),
});

/** An answer in pieces: of each, what follows `data: `; the connection breaks at `null`. */
export const stream = (...pieces) => ({ pieces });

export const piece = (delta, finish_reason = null) =>
	JSON.stringify({ model: 'qwen', choices: [{ index: 0, delta, finish_reason }] });

export const usage = JSON.stringify({
	model: 'qwen',
	choices: [],
	usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
});

export const refusal = (status, error) => ({
	status,
	body: JSON.stringify({ error }),
	headers: {},
});

export class FakeCompletions {
	/** Everything asked: `{ path, headers, body }`. */
	asked = [];

	/** What the next questions get. */
	answers = [];

	async start() {
		this.server = createServer((request, response) => this.#handle(request, response));
		this.server.listen(0, '127.0.0.1');
		await once(this.server, 'listening');
		this.url = `http://127.0.0.1:${this.server.address().port}`;
		return this;
	}

	async stop() {
		this.server.closeAllConnections();
		this.server.close();
		await once(this.server, 'close');
	}

	async #handle(request, response) {
		const chunks = [];
		for await (const chunk of request) chunks.push(chunk);
		const { url: path, headers } = request;
		this.asked.push({ path, headers, body: JSON.parse(Buffer.concat(chunks)) });
		const { status = 200, headers: said = served, body, pieces } = this.answers.shift();
		if (pieces) return await this.#send(response, pieces);
		response.writeHead(status, { 'content-type': 'application/json', ...said }).end(body);
	}

	async #send(response, pieces) {
		response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...served });
		for (const each of pieces) {
			if (each === null) return response.destroy();
			await new Promise((written) => response.write(`data: ${each}\n\n`, written));
		}
		response.end();
	}
}
