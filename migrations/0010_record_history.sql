-- The history of one pair of records, over all runs. A create whose body is still its link's base
-- needs no entry: the link names it, and first runs, which are creates, pay nothing. Planned writes of
-- simulations (5) are no history.
CREATE INDEX operations_link ON operations (tenant_id, link_id, seq)
    WHERE body IS NOT NULL AND state <> 5;
CREATE INDEX conflicts_link ON conflicts (tenant_id, link_id);
