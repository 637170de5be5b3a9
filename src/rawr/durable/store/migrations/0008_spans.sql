-- What apps tell of the spans inside their calls, as OpenTelemetry has them.
CREATE TABLE spans (
    run_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    parent_id  TEXT NOT NULL,
    step_id    TEXT NOT NULL,
    name       TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    detail     BLOB NOT NULL,
    PRIMARY KEY (run_id, id)
) STRICT, WITHOUT ROWID;
