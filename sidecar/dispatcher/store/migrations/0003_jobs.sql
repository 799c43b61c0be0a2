-- Jobs as they are used: nothing wrote to this table before.
DROP TABLE request_queue;

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
