-- Who, and what: the audit log is read by either, newest first.
CREATE INDEX audit_log_actor ON audit_log (tenant_id, actor, seq);
CREATE INDEX audit_log_action ON audit_log (tenant_id, action, seq);
