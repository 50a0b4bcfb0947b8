-- Rows of the audit log are sealed under a key that is kept outside the store.
--   seal  keyed digest of the row's hash; NULL where it was written without a key
ALTER TABLE audit_log ADD COLUMN seal BLOB CHECK (length(seal) = 32);
