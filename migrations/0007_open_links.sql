-- One index for all links that a run looks at without being told of them: half a link is as a rule
-- also to be done, and both indexes were written twice for each record that is made.

DROP INDEX links_half;
DROP INDEX links_todo;
CREATE INDEX links_open ON links (tenant_id, sync_configuration_id, todo) WHERE todo = 1 OR (source_id IS NULL OR target_id IS NULL);
