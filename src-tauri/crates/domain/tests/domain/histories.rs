//! Random histories of one pair between two small fake systems, planned by the real planner:
//! edits, deletes, recreations, writes that fail or land unnoticed, replays, decisions.
//!
//! Every edit carries a number of its own, so that it can be told what became of it. The number of
//! histories is `TANDEM_HISTORIES` (200 by default per configuration; 200,000 were run).
