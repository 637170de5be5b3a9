-- Items above a concurrency limit that memory has no room for: `parked` is 2 for them. They are
-- found by the slot they wait for, so that the queue's own indexes do not know them.
CREATE TABLE waiting (
    slot    TEXT NOT NULL,
    due_at  INTEGER NOT NULL,
    item_id INTEGER NOT NULL,
    PRIMARY KEY (slot, due_at, item_id)
) STRICT, WITHOUT ROWID;

DROP INDEX queue_parked_by_run;
CREATE INDEX queue_parked_by_run ON queue (run_id, step_id) WHERE parked >= 1;
