-- Whether what was learned of a model still holds.
CREATE TABLE model_generations (
    -- Since when a model has the weights and the template it has: what came before isn't learned from.
    model_id TEXT PRIMARY KEY CHECK (model_id <> ''),
    identity TEXT NOT NULL CHECK (identity <> ''),  -- engine, reference, family, and the digest where one is known
    since_at REAL NOT NULL CHECK (since_at BETWEEN 0 AND 1e11)
) STRICT;
