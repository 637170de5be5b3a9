-- Times are milliseconds since the epoch. Text of JSON documents is stored as BLOB.

CREATE TABLE apps (
    id            TEXT PRIMARY KEY NOT NULL,
    checksum      TEXT NOT NULL,
    registration  BLOB NOT NULL,
    registered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    internal_id TEXT PRIMARY KEY NOT NULL,
    name        TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    body        BLOB NOT NULL
) STRICT;

CREATE INDEX events_by_name ON events (name, internal_id);

CREATE TABLE runs (
    id              TEXT PRIMARY KEY NOT NULL,
    function_id     TEXT NOT NULL,
    status          TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    ended_at        INTEGER,
    event_ids       TEXT NOT NULL,
    max_attempts    INTEGER NOT NULL,
    correlation_id  TEXT,
    original_run_id TEXT,
    request_version INTEGER NOT NULL DEFAULT -1,
    force_step_plan INTEGER NOT NULL DEFAULT 0,
    step_group      TEXT NOT NULL DEFAULT '',
    output          BLOB
) STRICT;

CREATE INDEX runs_by_function ON runs (function_id, id);

CREATE TABLE run_events (
    event_id TEXT NOT NULL,
    run_id   TEXT NOT NULL,
    PRIMARY KEY (event_id, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
    run_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    op         TEXT NOT NULL,
    name       TEXT NOT NULL,
    status     TEXT NOT NULL,
    memo       BLOB,
    position   INTEGER,
    attempts   INTEGER NOT NULL,
    race       INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    error      BLOB,
    PRIMARY KEY (run_id, id)
) STRICT;

-- A parked item waits here; any other is held in memory by the engine that owns the file, which
-- is void as soon as that engine is gone. A held item is known by its id alone, so that the hot
-- path maintains one small index.
CREATE TABLE queue (
    id           INTEGER PRIMARY KEY,
    run_id       TEXT NOT NULL,
    function_id  TEXT NOT NULL,
    kind         TEXT NOT NULL,
    step_id      TEXT,
    due_at       INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    generation   INTEGER NOT NULL,
    payload      BLOB,
    parked       INTEGER NOT NULL
) STRICT;

CREATE INDEX queue_due ON queue (due_at) WHERE parked = 1;
CREATE INDEX queue_parked_by_run ON queue (run_id, step_id) WHERE parked = 1;
CREATE INDEX queue_held ON queue (id) WHERE parked = 0;

CREATE TABLE pauses (
    id          INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL,
    step_id     TEXT NOT NULL,
    function_id TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    expression  TEXT,
    match_path  TEXT NOT NULL,
    match_value TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX pauses_by_match ON pauses (name, match_path, match_value);
CREATE INDEX pauses_by_run ON pauses (run_id, step_id);

CREATE TABLE idempotency (
    function_id TEXT NOT NULL,
    key         TEXT NOT NULL,
    run_id      TEXT NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (function_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
