-- Limits on live runs that started runs count against until they end.
CREATE TABLE run_slots (
    run_id TEXT NOT NULL,
    slot   TEXT NOT NULL,
    size   INTEGER NOT NULL,
    PRIMARY KEY (run_id, slot)
) STRICT, WITHOUT ROWID;
