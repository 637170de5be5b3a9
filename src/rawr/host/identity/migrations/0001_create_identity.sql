CREATE TABLE identity_tokens (
    token_id              TEXT    NOT NULL PRIMARY KEY,
    digest                BLOB    NOT NULL UNIQUE, -- SHA-256 of the token
    subject               TEXT    NOT NULL,
    tenant_id             TEXT    NOT NULL,
    caller                TEXT    NOT NULL CHECK (caller IN ('first-party', 'service', 'third-party')),
    roles                 TEXT    NOT NULL, -- JSON array of text
    can_call_internal     INTEGER NOT NULL CHECK (can_call_internal IN (0, 1)),
    can_trigger_workflows INTEGER NOT NULL CHECK (can_trigger_workflows IN (0, 1)),
    created_at_ms         INTEGER NOT NULL,
    expires_at_ms         INTEGER NOT NULL,
    revoked_at_ms         INTEGER,
    last_used_at_ms       INTEGER
) STRICT;

CREATE TABLE identity_users (
    name                  TEXT    NOT NULL PRIMARY KEY,
    tenant_id             TEXT    NOT NULL,
    password_hash         TEXT    NOT NULL,
    roles                 TEXT    NOT NULL, -- JSON array of text
    can_call_internal     INTEGER NOT NULL CHECK (can_call_internal IN (0, 1)),
    can_trigger_workflows INTEGER NOT NULL CHECK (can_trigger_workflows IN (0, 1)),
    created_at_ms         INTEGER NOT NULL,
    disabled_at_ms        INTEGER
) STRICT;
