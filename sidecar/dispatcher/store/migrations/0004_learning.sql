-- What it takes to learn from outcomes: more of each dispatch, what callers say of it, and who makes the forecasts.
ALTER TABLE performance_logs ADD COLUMN threads INTEGER CHECK (threads >= 0);
ALTER TABLE performance_logs ADD COLUMN at_once INTEGER CHECK (at_once >= 1);
ALTER TABLE performance_logs ADD COLUMN max_tokens INTEGER CHECK (max_tokens >= 1);
ALTER TABLE performance_logs ADD COLUMN run_index INTEGER CHECK (run_index >= 0);
ALTER TABLE performance_logs ADD COLUMN is_valid INTEGER CHECK (is_valid IN (0, 1));
ALTER TABLE performance_logs ADD COLUMN is_empty INTEGER CHECK (is_empty IN (0, 1));
ALTER TABLE performance_logs ADD COLUMN is_refusal INTEGER CHECK (is_refusal IN (0, 1));
ALTER TABLE performance_logs ADD COLUMN source TEXT NOT NULL DEFAULT 'caller' CHECK (source IN ('caller', 'calibration'));

CREATE INDEX performance_logs_by_item ON performance_logs (execution_id, node_id, item_index, started_at)
    WHERE execution_id IS NOT NULL;  -- a later one of the same item is a retry

ALTER TABLE decisions ADD COLUMN explored INTEGER NOT NULL DEFAULT 0 CHECK (explored IN (0, 1));
ALTER TABLE decisions ADD COLUMN features TEXT CHECK (features IS NULL OR json_valid(features));

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

DROP VIEW model_performance_summary;

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
