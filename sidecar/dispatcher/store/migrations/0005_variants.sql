-- Which prompt variant a dispatch was put with, and with what chance; and at most one of a key goes live or on trial.
ALTER TABLE decisions ADD COLUMN variant TEXT;
ALTER TABLE decisions ADD COLUMN variant_propensity REAL CHECK (variant_propensity BETWEEN 0 AND 1);
ALTER TABLE decisions ADD COLUMN variant_arms TEXT CHECK (variant_arms IS NULL OR json_valid(variant_arms));

CREATE UNIQUE INDEX prompt_variants_in_charge ON prompt_variants (family, task_type, state)
    WHERE state IN ('live', 'canary');
