// A sidecar on a real socket that keeps jobs as the real one does: by key, over restarts, until they are asked for.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const json = { 'content-type': 'application/json' };

export const refusal = (code, message, more = {}) => ({
	code,
	message,
	retryable: false,
	origin: 'dispatcher',
	...more,
});

export const reply = (prompt, model = 'small', way = 'warm') => ({
	dispatch_id: `d-${prompt}`,
	text: `answer to ${prompt}`,
	model,
	task_type: 'chat',
	complexity: 'low',
	decision: { model, way, why: `${model} is ${way}` },
	usage: { prompt_tokens: 3, completion_tokens: 1 },
	timing: { queue_s: 0, load_s: 0, first_token_s: 0.1, total_s: 0.2 },
	attempts: [],
});

export class FakeSidecar {
	/** How a job goes: `{ afterMs, state, result, error }`, or `{ refused }` when it is not even taken. */
	plan = () => ({});

	/**
	 * What happens to the next submissions, one each: `lose` the answer, `leave out` what models said as if it were too
	 * long, or answer `{ status, error }`.
	 */
	submissions = [];

	/** The same for the next questions about jobs: `lose`, `{ status, error }`, or `forget` all jobs first. */
	questions = [];

	/** Everything asked: `{ path, body, bytes, seconds }`. */
	asked = [];

	/** What it says of itself. */
	ready = { status: 'ready', parts: { models: { status: 'ok', detail: '3 models' } } };
	fleet = { memory_budget_mib: 4096, memory_reserved_mib: 0, containers: [] };
	models = [];

	jobs = new Map();
	#byId = new Map();
	bytesMax = Infinity;
	ran = [];
	cancelled = [];

	async start(port = 0) {
		this.server = createServer((request, response) => this.#handle(request, response));
		this.server.listen(port, '127.0.0.1');
		await once(this.server, 'listening');
		this.port = this.server.address().port;
		return this;
	}

	get url() {
		return `http://127.0.0.1:${this.port}`;
	}

	/** Ends it as kill -9 does: every connection breaks, the jobs stay on its disk. */
	async kill() {
		this.server.closeAllConnections();
		this.server.close();
		await once(this.server, 'close');
	}

	/** What was asked of one route. */
	of(path) {
		return this.asked.filter((each) => each.path === path);
	}

	async #handle(request, response) {
		const begun = Date.now();
		const chunks = [];
		for await (const chunk of request) chunks.push(chunk);
		const text = Buffer.concat(chunks).toString();
		const path = request.url.split('?')[0];
		const asked = { path, url: request.url, body: text && JSON.parse(text), bytes: text.length };
		this.asked.push(asked);
		const [status, body] = await this.#answer(asked);
		asked.seconds = (Date.now() - begun) / 1000;
		if (status === 'lose') return response.destroy();
		response.writeHead(status, json).end(JSON.stringify(body));
	}

	async #answer({ path, body, bytes }) {
		if (bytes > this.bytesMax) return [413, { error: refusal('body_too_large', 'Too long.') }];
		if (path === '/api/feedback') return this.#hear(body);
		if (path === '/ready') return [this.ready.status === 'not_ready' ? 503 : 200, this.ready];
		if (path === '/api/containers') return [200, this.fleet];
		if (path === '/api/models') return [200, { models: this.models }];
		if (path === '/api/jobs' && body.jobs === undefined) return this.#submitOne(body);
		if (path === '/api/jobs') return this.#submit(body.jobs);
		if (path === '/api/jobs/collect') return await this.#collect(body);
		if (path === '/api/jobs/cancel') return this.#cancel(body.ids);
		if (path.startsWith('/api/jobs/')) return this.#get(path.split('/').at(-1));
		return [404, { error: refusal('route_not_found', 'No such route.') }];
	}

	#submit(bodies) {
		const fault = this.submissions.shift();
		if (fault?.status) return [fault.status, { error: fault.error }];
		const replies = bodies.map((body) => this.#take(body));
		if (fault === 'leave out') for (const each of replies) each.result = null;
		return fault === 'lose' ? ['lose'] : [202, { jobs: replies }];
	}

	#submitOne(body) {
		const [status, { jobs }] = this.#submit([body]);
		return jobs[0].job_id ? [status, jobs[0]] : [422, jobs[0]];
	}

	#get(id) {
		const job = this.#byId.get(id);
		return job ? [200, this.#show(job)] : [404, unknown(id)];
	}

	#take(body) {
		const key = body.idempotency_key;
		if (!this.jobs.has(key)) {
			const plan = this.plan(body.prompt, this);
			const { refused } = plan;
			if (refused) return { error: { ...refused, message: `jobs[3]: ${refused.message}` } };
			this.ran.push(body.prompt);
			const id = `j-${this.ran.length}`;
			const job = { id, body, doneAt: Date.now() + (plan.afterMs ?? 0), plan };
			this.jobs.set(key, job);
			this.#byId.set(id, job);
		}
		return this.#show(this.jobs.get(key));
	}

	async #collect({ ids, wait }) {
		const fault = this.questions.shift();
		if (fault === 'lose') return ['lose'];
		if (fault === 'forget') this.#forget();
		if (fault?.status) return [fault.status, { error: fault.error }];
		for (const end = Date.now() + wait * 1000; ; await pause(5)) {
			const named = ids.map((id) => [id, this.#byId.get(id)]);
			const finished = named
				.map(([id, job]) => (job ? this.#show(job) : unknown(id)))
				.filter(({ state }) => state !== 'running')
				.slice(0, 100);
			const told = new Set(finished.map(({ job_id: id }) => id));
			if (finished.length > 0 || Date.now() >= end)
				return [200, { jobs: finished, unfinished: ids.filter((id) => !told.has(id)) }];
		}
	}

	#forget() {
		this.jobs.clear();
		this.#byId.clear();
	}

	#hear(body) {
		if (body.dispatch_id === 'unknown')
			return [404, { error: refusal('dispatch_not_found', 'dispatch_id: no dispatch has it.') }];
		const { dispatch_id, score, source } = body;
		return [200, { dispatch_id, score, source, counted: true }];
	}

	#cancel(ids) {
		this.cancelled.push(...ids);
		return [200, { cancelled: ids.length, forgotten: 0, unknown: 0 }];
	}

	#show({ id, body, doneAt, plan }) {
		if (Date.now() < doneAt) return { job_id: id, state: 'running', result: null, error: null };
		const { state = 'done', error = null } = plan;
		const result = state === 'done' ? (plan.result ?? reply(body.prompt)) : null;
		return { job_id: id, state, result, error };
	}
}

function unknown(id) {
	return { job_id: id, error: refusal('job_not_found', `There is no job ${id}.`) };
}
