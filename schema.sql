-- The database of AI Dispatch. Written by scripts/schema from sidecar/dispatcher/store/migrations: change those.
-- Times (`_at`) are Unix seconds, UTC. Durations (`_s`) are seconds. Chances and shares are 0..1.
PRAGMA user_version = 8;

CREATE TABLE performance_logs (
    -- One row per dispatch, however it ended. Numbers and names, never a prompt or an answer.
    dispatch_id TEXT PRIMARY KEY CHECK (dispatch_id <> ''),
    started_at REAL NOT NULL CHECK (started_at BETWEEN 0 AND 1e11),
    ending TEXT NOT NULL CHECK (ending IN ('succeeded', 'failed', 'timed_out', 'cancelled', 'refused')),
    error_code TEXT,
    asked_task_type TEXT NOT NULL CHECK (asked_task_type IN (
        'auto', 'text-generation', 'code-generation', 'summarization', 'classification', 'extraction',
        'question-answering', 'reasoning', 'translation', 'chat', 'embedding')),
    asked_complexity TEXT NOT NULL CHECK (asked_complexity IN ('auto', 'low', 'medium', 'high')),
    task_type TEXT NOT NULL CHECK (task_type IN (
        'text-generation', 'code-generation', 'summarization', 'classification', 'extraction',
        'question-answering', 'reasoning', 'translation', 'chat', 'embedding')),  -- what `auto` was found to be
    complexity TEXT NOT NULL CHECK (complexity IN ('low', 'medium', 'high')),
    objective TEXT NOT NULL CHECK (objective IN ('balanced', 'fastest', 'best', 'cheapest')),
    workflow_id TEXT,  -- where in n8n it came from, if it did
    node_id TEXT,
    execution_id TEXT,
    item_index INTEGER CHECK (item_index >= 0),
    timeout_s REAL NOT NULL CHECK (timeout_s BETWEEN 0 AND 1e9),
    prompt_chars INTEGER NOT NULL CHECK (prompt_chars >= 0),
    model_id TEXT,  -- who answered, or was tried last; null when none was
    replica_id TEXT,
    prompt_tokens INTEGER CHECK (prompt_tokens >= 0),
    completion_tokens INTEGER CHECK (completion_tokens >= 0),
    finish_reason TEXT CHECK (finish_reason IN ('stop', 'length')),
    queue_s REAL NOT NULL CHECK (queue_s BETWEEN 0 AND 1e9),
    load_s REAL NOT NULL CHECK (load_s BETWEEN 0 AND 1e9),  -- apart from the model's own speed
    first_token_s REAL CHECK (first_token_s BETWEEN 0 AND 1e9),
    total_s REAL NOT NULL CHECK (total_s BETWEEN 0 AND 1e9),  -- from arrival to end, everything included
    prefill_s REAL CHECK (prefill_s BETWEEN 0 AND 1e9),  -- the engine's own measure of reading the prompt
    decode_s REAL CHECK (decode_s BETWEEN 0 AND 1e9),  -- and of writing the answer
    attempts TEXT NOT NULL CHECK (json_valid(attempts)), threads INTEGER CHECK (threads >= 0), at_once INTEGER CHECK (at_once >= 1), max_tokens INTEGER CHECK (max_tokens >= 1), run_index INTEGER CHECK (run_index >= 0), is_valid INTEGER CHECK (is_valid IN (0, 1)), is_empty INTEGER CHECK (is_empty IN (0, 1)), is_refusal INTEGER CHECK (is_refusal IN (0, 1)), source TEXT NOT NULL DEFAULT 'caller' CHECK (source IN ('caller', 'calibration')),  -- JSON array: model, error code or null, seconds
    CHECK (ending <> 'succeeded' OR (error_code IS NULL AND model_id IS NOT NULL)),
    CHECK ((prompt_tokens IS NULL) = (completion_tokens IS NULL))
) STRICT;

CREATE INDEX performance_logs_by_time ON performance_logs (started_at);

CREATE INDEX performance_logs_by_model ON performance_logs (model_id, task_type, started_at);

CREATE TABLE decisions (
    -- Why a dispatch ran as it did; no row when every model was refused.
    dispatch_id TEXT PRIMARY KEY REFERENCES performance_logs (dispatch_id) ON DELETE CASCADE,
    model_id TEXT NOT NULL,  -- the first choice; a fallback may have answered
    way TEXT NOT NULL CHECK (way IN ('warm', 'join', 'load', 'evict')),
    propensity REAL NOT NULL CHECK (propensity BETWEEN 0 AND 1),  -- chance of this choice; 1 unless exploring
    ranker TEXT NOT NULL,  -- what made the forecasts
    chosen TEXT NOT NULL CHECK (json_valid(chosen)),  -- JSON: the option with forecast, terms, evictions
    ranked TEXT NOT NULL CHECK (json_valid(ranked)),  -- JSON array: all options, best first
    refused TEXT NOT NULL CHECK (json_valid(refused)),  -- JSON array: model, reason, message
    why TEXT,  -- the explanation, in words
    deciding_term TEXT,
    flip TEXT, explored INTEGER NOT NULL DEFAULT 0 CHECK (explored IN (0, 1)), features TEXT CHECK (features IS NULL OR json_valid(features)), variant TEXT, variant_propensity REAL CHECK (variant_propensity BETWEEN 0 AND 1), variant_arms TEXT CHECK (variant_arms IS NULL OR json_valid(variant_arms)),  -- the smallest change with another outcome
    CHECK (why IS NOT NULL OR (deciding_term IS NULL AND flip IS NULL))
) STRICT;

CREATE TABLE container_lifecycle (
    -- One row each time a replica comes into a state.
    id INTEGER PRIMARY KEY,
    happened_at REAL NOT NULL CHECK (happened_at BETWEEN 0 AND 1e11),
    replica_id TEXT NOT NULL,
    model_id TEXT NOT NULL,
    host TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'creating', 'pulling', 'loading', 'ready', 'draining', 'stopped', 'failed')),
    reason TEXT NOT NULL,
    took_s REAL CHECK (took_s BETWEEN 0 AND 1e9),  -- how long the state before lasted
    memory_mib INTEGER CHECK (memory_mib >= 0)  -- its working set then, if it was measured
) STRICT;

CREATE INDEX container_lifecycle_by_time ON container_lifecycle (happened_at);

CREATE INDEX container_lifecycle_by_replica ON container_lifecycle (replica_id, happened_at);

CREATE INDEX container_lifecycle_by_peak ON container_lifecycle (model_id, memory_mib) WHERE memory_mib IS NOT NULL;

CREATE TABLE optimization_rules (
    -- What was suggested to make choices better, and what came of it.
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,  -- what it changes, such as an idle time or a model for a workflow
    scope TEXT NOT NULL CHECK (scope IN ('install', 'model', 'workflow')),
    scope_id TEXT,  -- which model or workflow
    payload TEXT NOT NULL CHECK (json_valid(payload)),  -- JSON: the change itself
    evidence TEXT NOT NULL CHECK (json_valid(evidence)),  -- JSON: the numbers for it, before and after
    state TEXT NOT NULL DEFAULT 'proposed' CHECK (state IN (
        'proposed', 'applied', 'measured', 'kept', 'rolled_back')),
    created_at REAL NOT NULL CHECK (created_at BETWEEN 0 AND 1e11),
    changed_at REAL NOT NULL CHECK (changed_at >= created_at),
    CHECK ((scope = 'install') = (scope_id IS NULL))
) STRICT;

CREATE INDEX optimization_rules_by_state ON optimization_rules (state, kind);

CREATE TABLE request_queue (
    -- Jobs: dispatches accepted to disk and answered later. The only place where prompts and answers rest, for a while.
    id TEXT PRIMARY KEY CHECK (id <> ''),
    state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN (
        'queued', 'running', 'done', 'failed', 'cancelled', 'expired')),
    owner TEXT NOT NULL CHECK (owner IN ('dispatch', 'admin')),  -- the scope of the token that made it
    share TEXT NOT NULL DEFAULT '',  -- the workflow it is for: those of one priority take turns
    priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN -100 AND 100),  -- larger goes first
    created_at REAL NOT NULL CHECK (created_at BETWEEN 0 AND 1e11),
    deadline_at REAL NOT NULL CHECK (deadline_at >= created_at),
    due_at REAL NOT NULL,  -- not to be run before
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),  -- runs that failed and were worth another
    was_cut INTEGER NOT NULL DEFAULT 0 CHECK (was_cut IN (0, 1)),  -- its last run was broken off, and may still go on
    dispatch_id TEXT,  -- its last run
    idempotency_key TEXT,  -- the same key of the same owner gives the same job
    body_sha256 TEXT NOT NULL CHECK (length(body_sha256) = 64),  -- a key used again with another body is an error
    payload TEXT,  -- the request as JSON; gone once the job is finished
    payload_bytes INTEGER NOT NULL CHECK (payload_bytes >= 0),
    result TEXT,  -- the answer (done) or the error (failed) as JSON; gone once it was fetched, or has expired
    lease_owner TEXT,  -- the run of the sidecar that works on it
    lease_epoch INTEGER NOT NULL DEFAULT 0 CHECK (lease_epoch >= 0),  -- rises with each lease: a late owner is refused
    lease_until_at REAL,
    finished_at REAL,
    fetched_at REAL,
    callback_url TEXT,  -- who is to be told; gone once that is over
    callback_due_at REAL,  -- when to tell, or to try again
    callback_tries INTEGER NOT NULL DEFAULT 0 CHECK (callback_tries >= 0),
    CHECK ((state = 'running') = (lease_owner IS NOT NULL)),
    CHECK ((lease_owner IS NULL) = (lease_until_at IS NULL)),
    CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL)),
    CHECK ((finished_at IS NULL) = (payload IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (result IS NOT NULL)),
    CHECK (fetched_at IS NULL OR finished_at IS NOT NULL),
    CHECK (callback_due_at IS NULL OR (callback_url IS NOT NULL AND finished_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX request_queue_by_key ON request_queue (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE INDEX request_queue_to_do ON request_queue (
    priority DESC, share, deadline_at, due_at, was_cut, payload_bytes, state  -- all that a claim looks at
) WHERE state = 'queued';

CREATE INDEX request_queue_deadlines ON request_queue (deadline_at) WHERE state = 'queued';

CREATE INDEX request_queue_due ON request_queue (due_at) WHERE state = 'queued';

CREATE INDEX request_queue_running ON request_queue (share) WHERE state = 'running';

CREATE INDEX request_queue_newest ON request_queue (created_at);

CREATE INDEX request_queue_finished ON request_queue (finished_at) WHERE finished_at IS NOT NULL;

CREATE INDEX request_queue_outcomes ON request_queue (state) WHERE finished_at IS NOT NULL;

CREATE INDEX request_queue_callbacks ON request_queue (callback_due_at) WHERE callback_due_at IS NOT NULL;

CREATE INDEX performance_logs_by_item ON performance_logs (execution_id, node_id, item_index, started_at)
    WHERE execution_id IS NOT NULL;

CREATE TABLE feedback (
    -- What callers say of an answer; of one token and source the last word counts.
    dispatch_id TEXT NOT NULL REFERENCES performance_logs (dispatch_id) ON DELETE CASCADE,
    token TEXT NOT NULL CHECK (token <> ''),  -- whose: its name, never the token itself
    source TEXT NOT NULL CHECK (source IN ('user', 'next_step', 'retry', 'workflow')),
    score REAL NOT NULL CHECK (score BETWEEN 0 AND 1),
    comment TEXT CHECK (length(comment) <= 500),  -- the caller's own words about the answer
    weight REAL NOT NULL CHECK (weight BETWEEN 0 AND 1),  -- 0 beyond a token's daily share
    created_at REAL NOT NULL CHECK (created_at BETWEEN 0 AND 1e11),
    PRIMARY KEY (dispatch_id, token, source)
) STRICT;

CREATE INDEX feedback_by_token ON feedback (token, created_at);

CREATE TABLE rankers (
    -- What makes the forecasts: at most one is live and one on trial, the catalogue's prior stands behind them.
    id TEXT PRIMARY KEY CHECK (id <> ''),
    created_at REAL NOT NULL CHECK (created_at BETWEEN 0 AND 1e11),
    state TEXT NOT NULL CHECK (state IN (
        'candidate', 'shadow', 'canary', 'live', 'retired', 'rejected', 'rolled_back')),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),  -- of its card, which holds the hashes of its files
    card TEXT NOT NULL CHECK (json_valid(card)),  -- JSON: data range, features, metrics
    evaluation TEXT CHECK (evaluation IS NULL OR json_valid(evaluation)),  -- JSON: the evidence for or against it; null until it was judged
    changed_at REAL NOT NULL CHECK (changed_at >= created_at),
    why TEXT NOT NULL  -- how it came into its state, in words
) STRICT;

CREATE UNIQUE INDEX rankers_in_charge ON rankers (state) WHERE state IN ('live', 'canary');

CREATE TABLE prompt_variants (
    -- Ways to put a prompt to a family of models for one kind of work.
    family TEXT NOT NULL,
    task_type TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    parts TEXT NOT NULL CHECK (json_valid(parts)),  -- JSON: system text, examples, JSON instruction
    state TEXT NOT NULL CHECK (state IN ('candidate', 'canary', 'live', 'retired', 'rejected', 'rolled_back')),
    created_at REAL NOT NULL CHECK (created_at BETWEEN 0 AND 1e11),
    evaluation TEXT CHECK (evaluation IS NULL OR json_valid(evaluation)),  -- JSON: how it did beside the others
    PRIMARY KEY (family, task_type, version)
) STRICT;

CREATE VIEW model_performance_summary AS
    -- How each model has done at each kind of work for callers, over all that is kept.
    SELECT
        model_id,
        task_type,
        count(*) AS dispatches,
        avg(total_s) FILTER (WHERE ending = 'succeeded') AS avg_processing_time,  -- seconds, succeeded only
        avg(ending = 'succeeded') FILTER (WHERE ending <> 'cancelled') AS success_rate,  -- who leaves says nothing
        avg(prompt_tokens) AS avg_prompt_tokens,
        avg(completion_tokens) AS avg_completion_tokens,
        sum(completion_tokens) FILTER (WHERE decode_s > 0) / sum(decode_s) FILTER (WHERE completion_tokens IS NOT NULL)
            AS tokens_per_second,  -- while writing
        max(started_at) AS last_used_at
    FROM performance_logs
    WHERE model_id IS NOT NULL AND source = 'caller'
    GROUP BY model_id, task_type;

CREATE TABLE model_rankings (
    -- How each model does at each kind of work, as the rules see it; made anew by update_model_rankings.
    model_id TEXT NOT NULL,
    task_type TEXT NOT NULL,
    complexity TEXT NOT NULL,
    place INTEGER NOT NULL CHECK (place > 0),  -- 1 is the best of them at such work
    dispatches INTEGER NOT NULL CHECK (dispatches > 0),
    success REAL CHECK (success BETWEEN 0 AND 1),  -- of those that say anything
    quality REAL CHECK (quality BETWEEN 0 AND 1),
    quality_weight REAL NOT NULL CHECK (quality_weight >= 0),  -- how much evidence that is
    p50_s REAL CHECK (p50_s >= 0),
    p90_s REAL CHECK (p90_s >= 0),
    p90_kept REAL CHECK (p90_kept BETWEEN 0 AND 1),  -- share that came within the P90 that was foretold
    load_s REAL NOT NULL CHECK (load_s >= 0),  -- seconds of loading that callers waited for, all together
    updated_at REAL NOT NULL CHECK (updated_at BETWEEN 0 AND 1e11),
    PRIMARY KEY (model_id, task_type, complexity)
) STRICT;

CREATE UNIQUE INDEX prompt_variants_in_charge ON prompt_variants (family, task_type, state)
    WHERE state IN ('live', 'canary');

CREATE TABLE model_generations (
    -- Since when a model has the weights and the template it has: what came before isn't learned from.
    model_id TEXT PRIMARY KEY CHECK (model_id <> ''),
    identity TEXT NOT NULL CHECK (identity <> ''),  -- engine, reference, family, and the digest where one is known
    since_at REAL NOT NULL CHECK (since_at BETWEEN 0 AND 1e11)
) STRICT;

CREATE TABLE task_counts (
    id INTEGER PRIMARY KEY CHECK (id = 1),  -- there is one set of counts
    version TEXT NOT NULL CHECK (version <> ''),  -- of hashing and labels: others mean nothing
    counts BLOB NOT NULL CHECK (length(counts) <= 4000000),
    changed_at REAL NOT NULL CHECK (changed_at BETWEEN 0 AND 1e11)
) STRICT;

CREATE TABLE task_teachers (
    -- How many examples of a label each workflow has taught, so that none teaches all others what it likes.
    workflow_id TEXT NOT NULL,  -- '' gathers callers who name none
    label TEXT NOT NULL CHECK (label <> ''),
    examples REAL NOT NULL CHECK (examples > 0),
    PRIMARY KEY (workflow_id, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE "model_registry" (
    -- The models that may be chosen. History doesn't refer to it: it outlives a model.
    id TEXT PRIMARY KEY CHECK (id <> ''),
    source TEXT NOT NULL CHECK (source IN ('catalogue', 'admin')),  -- who entered it; updates touch only 'catalogue'
    is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),  -- an admin's word: kept by updates
    name TEXT NOT NULL,
    family TEXT NOT NULL,  -- its prompt dialect
    parameters_b REAL NOT NULL CHECK (parameters_b BETWEEN 0 AND 1e6),  -- billions
    licence TEXT NOT NULL,
    runtime TEXT NOT NULL CHECK (runtime IN ('ollama', 'openai')),
    host TEXT NOT NULL CHECK (host IN ('process', 'docker', 'swarm', 'remote')),
    engine TEXT NOT NULL CHECK (engine IN ('embedded', 'ollama', 'llama.cpp', 'vllm', 'openai')),  -- what serves it
    reference TEXT NOT NULL,  -- the engine's own name for the weights
    needs_gpu INTEGER NOT NULL CHECK (needs_gpu IN (0, 1)),
    is_pinned INTEGER NOT NULL CHECK (is_pinned IN (0, 1)),  -- never evicted; an admin's word: kept by updates
    context_tokens INTEGER NOT NULL CHECK (context_tokens > 0),  -- per slot, the same for every caller
    slots INTEGER NOT NULL CHECK (slots > 0),  -- answers at a time
    capabilities TEXT NOT NULL CHECK (json_valid(capabilities)),  -- JSON array of names
    quality TEXT NOT NULL CHECK (json_valid(quality)),  -- JSON: {task type: {complexity: 0..1}}
    prefill_tps REAL NOT NULL CHECK (prefill_tps BETWEEN 0 AND 1e9),  -- tokens read per second and CPU thread
    decode_tps REAL NOT NULL CHECK (decode_tps BETWEEN 0 AND 1e9),  -- tokens written per second and CPU thread
    load_s REAL NOT NULL CHECK (load_s BETWEEN 0 AND 1e9),
    weights_mib INTEGER NOT NULL CHECK (weights_mib >= 0),
    overhead_mib INTEGER NOT NULL CHECK (overhead_mib >= 0),
    kv_mib_per_1k_tokens REAL NOT NULL CHECK (kv_mib_per_1k_tokens BETWEEN 0 AND 1e9),
    usd_per_mtok REAL NOT NULL CHECK (usd_per_mtok BETWEEN 0 AND 1e9),  -- US dollars per million tokens
    is_local INTEGER NOT NULL CHECK (is_local IN (0, 1)),  -- prompts that must stay here may go there
    idle_stop_s REAL CHECK (idle_stop_s > 0),
    url TEXT NOT NULL DEFAULT '',  -- where it is, when an admin entered one that someone else runs
    requests_per_minute INTEGER CHECK (requests_per_minute > 0)
) STRICT;

CREATE TABLE remote_keys (
    -- The key of a remote model. It is for one origin, and is never sent to another.
    model_id TEXT PRIMARY KEY CHECK (model_id <> ''),
    scheme TEXT NOT NULL CHECK (scheme IN ('http', 'https')),
    host TEXT NOT NULL CHECK (host <> ''),
    port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    api_key TEXT NOT NULL CHECK (api_key <> '')
) STRICT;
