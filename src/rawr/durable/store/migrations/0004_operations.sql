-- The arguments a repeated run gives to the step it begins at.
ALTER TABLE steps ADD COLUMN input BLOB;

-- Functions whose triggers start nothing until they are resumed.
CREATE TABLE paused_functions (
    function_id TEXT PRIMARY KEY NOT NULL,
    paused_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
