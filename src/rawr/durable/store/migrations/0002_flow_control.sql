-- Quotas keep a theoretical arrival time, in the unit of the quota that uses the key.
CREATE TABLE quotas (
    key TEXT PRIMARY KEY NOT NULL,
    tat INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE singletons (
    key    TEXT PRIMARY KEY NOT NULL,
    run_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX singletons_by_run ON singletons (run_id);

-- Runs that gather events (debounce, batch) until they start.
CREATE TABLE gatherings (
    key      TEXT PRIMARY KEY NOT NULL,
    run_id   TEXT NOT NULL,
    item_id  INTEGER NOT NULL,
    newest   INTEGER NOT NULL,
    deadline INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX gatherings_by_run ON gatherings (run_id);
