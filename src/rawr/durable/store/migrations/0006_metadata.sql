-- What functions attach to their runs and steps, by kind; `step_id` is empty for the run itself.
CREATE TABLE metadata (
    run_id     TEXT NOT NULL,
    step_id    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    value      BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, step_id, kind)
) STRICT, WITHOUT ROWID;
