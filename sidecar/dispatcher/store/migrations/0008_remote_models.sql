-- Models that someone else runs, entered by an admin: where they are, how often they may be asked, and their keys.
CREATE TABLE models_anew (
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
INSERT INTO models_anew SELECT *, '', NULL FROM model_registry;
DROP TABLE model_registry;
ALTER TABLE models_anew RENAME TO model_registry;

CREATE TABLE remote_keys (
    -- The key of a remote model. It is for one origin, and is never sent to another.
    model_id TEXT PRIMARY KEY CHECK (model_id <> ''),
    scheme TEXT NOT NULL CHECK (scheme IN ('http', 'https')),
    host TEXT NOT NULL CHECK (host <> ''),
    port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    api_key TEXT NOT NULL CHECK (api_key <> '')
) STRICT;
