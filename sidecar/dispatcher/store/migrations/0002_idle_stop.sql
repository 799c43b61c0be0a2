-- For how long a replica of this model may be idle; NULL for the usual time.
ALTER TABLE model_registry ADD COLUMN idle_stop_s REAL CHECK (idle_stop_s > 0);
