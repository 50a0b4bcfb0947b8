INSERT INTO tenants (uuid, name, created_at)
VALUES (X'00000000000000000000000000000001', 'acme', 1772355600000000);
INSERT INTO sync_configurations (tenant_id, uuid, name, configuration, created_at, updated_at)
VALUES (1, X'00000000000000000000000000000002', 'customers', '{}', 1772355600000000, 1772355600000000);
INSERT INTO sync_history (
    tenant_id, sync_configuration_id, uuid, sync_direction, sync_status, records_processed,
    records_succeeded, records_skipped, target_updated, started_at, completed_at, sync_name,
    error_type, error_message, run_trigger, option_simulate, option_full, option_decisions_only, actor)
VALUES
    (1, 1, X'0000000000000000000000000000000b', 'bidirectional', 'completed', 3, 2, 1, 2,
     1772355601000000, 1772355602000000, 'customers', NULL, NULL, 'manual', 0, 0, 0, 'ann'),
    (1, 1, X'0000000000000000000000000000000c', 'bidirectional', 'failed', 0, 0, 0, 0,
     1772355603000000, 1772355604000000, 'customers', 'timeout', 'out of time', 'schedule', 0, 0, 0, 'ann'),
    (1, 1, X'0000000000000000000000000000000d', 'bidirectional', 'completed', 0, 0, 0, 0,
     1772355605000000, 1772355606000000, 'customers', NULL, NULL, 'manual', 0, 0, 0, 'ann');
INSERT INTO sync_errors (
    tenant_id, sync_history_id, uuid, error_type, error_message, error_details, occurred_at)
VALUES
    (1, 2, X'00000000000000000000000000000015', 'timeout', 'too slow', '{}', 1772355604000000),
    (1, 3, X'00000000000000000000000000000016', 'network', 'gone', '{}', 1772355606000000);
INSERT INTO operations (
    tenant_id, sync_history_id, operation_key, side, kind, state, reason, record_id, body)
VALUES (1, 1, X'0000000000000000000000000000001f', 1, 1, 1, '"one_sided"', 7, NULL);
DELETE FROM sync_errors WHERE id = 2;
DELETE FROM sync_history WHERE id = 3;
