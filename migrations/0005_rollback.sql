-- A run may take an earlier one back.
--   rolls_back  the run it takes back, by uuid
ALTER TABLE sync_history ADD COLUMN rolls_back BLOB CHECK (length(rolls_back) = 16);
