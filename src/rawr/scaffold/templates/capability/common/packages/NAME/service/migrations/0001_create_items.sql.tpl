CREATE TABLE ${name}_items (
    tenant_id TEXT NOT NULL,
    title TEXT NOT NULL,
    item_id TEXT NOT NULL UNIQUE,
    PRIMARY KEY (tenant_id, title)
) STRICT, WITHOUT ROWID;
