CREATE TABLE identity_sessions (
    digest                BLOB    NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's value
    proof_kind            TEXT    NOT NULL CHECK (proof_kind IN ('user', 'token', 'start', 'ticket', 'other')),
    proof_ref             TEXT    NOT NULL, -- what of that kind: a name, or the hex digest of a token
    mode                  TEXT    NOT NULL CHECK (mode IN ('development', 'production')),
    subject               TEXT    NOT NULL,
    caller                TEXT    NOT NULL CHECK (caller IN ('first-party', 'service', 'third-party')),
    tenant_id             TEXT    NOT NULL,
    roles                 TEXT    NOT NULL, -- JSON array of text
    can_call_internal     INTEGER NOT NULL CHECK (can_call_internal IN (0, 1)),
    can_trigger_workflows INTEGER NOT NULL CHECK (can_trigger_workflows IN (0, 1)),
    created_at_ms         INTEGER NOT NULL,
    renewed_at_ms         INTEGER NOT NULL, -- when this value of the cookie was made
    idle_at_ms            INTEGER NOT NULL, -- when it ends unless it is used
    expires_at_ms         INTEGER NOT NULL
) STRICT;
