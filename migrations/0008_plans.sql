-- A run may carry out just what a simulation planned, once a person has reviewed it.
--   applies  that simulation, by uuid
ALTER TABLE sync_history ADD COLUMN applies BLOB CHECK (length(applies) = 16);
CREATE INDEX sync_history_plans ON sync_history (tenant_id, plan_hash) WHERE option_simulate = 1;
