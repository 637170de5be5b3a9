CREATE TABLE coordination_runs (
    run_id          TEXT    NOT NULL PRIMARY KEY,
    tenant_id       TEXT    NOT NULL,
    capability      TEXT    NOT NULL,
    workflow        TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    revision        INTEGER NOT NULL,
    last_sequence   INTEGER NOT NULL DEFAULT 0,
    requested_by    TEXT    NOT NULL,
    request_id      TEXT    NOT NULL,
    correlation_id  TEXT    NOT NULL,
    idempotency_key TEXT,
    input_digest    TEXT,
    input           TEXT,    -- JSON
    event_id        TEXT,    -- the id the dispatched event is sent with; NULL until dispatched
    admission_id    TEXT,    -- the id the engine gave that event
    engine_run_id   TEXT,
    output          TEXT,    -- JSON
    error_code      TEXT,
    error_message   TEXT,
    created_at_ms   INTEGER NOT NULL,
    updated_at_ms   INTEGER NOT NULL,
    finished_at_ms  INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX coordination_runs_by_key
    ON coordination_runs (tenant_id, capability, workflow, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX coordination_runs_by_tenant
    ON coordination_runs (tenant_id, created_at_ms, run_id);
CREATE INDEX coordination_runs_by_workflow
    ON coordination_runs (tenant_id, capability, workflow, created_at_ms, run_id);

CREATE TABLE coordination_timeline (
    run_id    TEXT    NOT NULL REFERENCES coordination_runs (run_id) ON DELETE CASCADE,
    sequence  INTEGER NOT NULL,
    event_id  TEXT    NOT NULL,
    type      TEXT    NOT NULL,
    status    TEXT    NOT NULL,
    ts_ms     INTEGER NOT NULL,
    detail    TEXT,
    attempt   INTEGER,
    data      TEXT,    -- JSON object
    PRIMARY KEY (run_id, sequence),
    UNIQUE (run_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE coordination_outbox (
    position           INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id           TEXT    NOT NULL UNIQUE,
    run_id             TEXT    REFERENCES coordination_runs (run_id) ON DELETE CASCADE,
    event              TEXT    NOT NULL,    -- JSON
    attempts           INTEGER NOT NULL DEFAULT 0,
    next_attempt_at_ms INTEGER NOT NULL,
    last_error         TEXT,
    sent_at_ms         INTEGER,
    admission_id       TEXT
) STRICT;

CREATE INDEX coordination_outbox_unsent
    ON coordination_outbox (position, next_attempt_at_ms)
    WHERE sent_at_ms IS NULL;
