-- What callers who name task type and complexity taught `auto`: counts of hashed words, no text.
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
