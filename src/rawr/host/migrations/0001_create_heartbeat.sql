CREATE TABLE host_heartbeat (
    only  INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    at_ms INTEGER NOT NULL -- when the host last wrote, to see that it can
) STRICT;
