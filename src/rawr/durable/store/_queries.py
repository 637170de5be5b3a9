"""Every statement the SQLite store runs, by name, so that tests can pin their plans."""

from typing import Final

SAVE_APP: Final = """
INSERT INTO apps (id, checksum, registration, registered_at) VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET checksum = excluded.checksum,
    registration = excluded.registration, registered_at = excluded.registered_at
"""
LOAD_APPS: Final = "SELECT id, checksum, registration, registered_at FROM apps ORDER BY id"

ADD_NEW_EVENT: Final = """
INSERT INTO events (internal_id, name, received_at, body) VALUES (?, ?, ?, ?)
"""
ADD_EVENT: Final = """
INSERT INTO events (internal_id, name, received_at, body) VALUES (?, ?, ?, ?)
ON CONFLICT (internal_id) DO NOTHING
"""
COUNT_RECEIPT: Final = "UPDATE events SET receipts = receipts + 1 WHERE internal_id = ?"
GET_EVENT: Final = "SELECT internal_id, received_at, body FROM events WHERE internal_id = ?"
EVENT_BODY: Final = "SELECT body FROM events WHERE internal_id = ?"
LIST_EVENTS: Final = """
SELECT internal_id, received_at, body, receipts FROM events
WHERE internal_id < ? AND received_at > ? AND received_at < ?
ORDER BY internal_id DESC LIMIT ?
"""
LIST_EVENTS_BY_NAME: Final = """
SELECT internal_id, received_at, body, receipts FROM events
WHERE name = ? AND internal_id < ? AND received_at > ? AND received_at < ?
ORDER BY internal_id DESC LIMIT ?
"""

CLAIM_KEY: Final = """
INSERT INTO idempotency (function_id, key, run_id, expires_at) VALUES (?, ?, ?, ?)
ON CONFLICT (function_id, key) DO UPDATE
    SET run_id = excluded.run_id, expires_at = excluded.expires_at
    WHERE idempotency.expires_at <= ?
"""
RELEASE_KEY: Final = "DELETE FROM idempotency WHERE function_id = ? AND key = ? AND run_id = ?"
FORGET_SOME_KEYS: Final = """
DELETE FROM idempotency WHERE (function_id, key) IN (
    SELECT function_id, key FROM idempotency WHERE expires_at <= ? LIMIT ?
)
"""
FORGET_KEYS: Final = "DELETE FROM idempotency WHERE expires_at <= ?"

ADD_RUN: Final = """
INSERT INTO runs (id, function_id, status, created_at, event_ids, max_attempts, correlation_id,
    original_run_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
ADD_RUN_EVENT: Final = "INSERT INTO run_events (event_id, run_id) VALUES (?, ?)"
UPDATE_RUN: Final = """
UPDATE runs SET status = ?, started_at = ?, request_version = ?, force_step_plan = ?, step_group = ?
WHERE id = ?
"""
END_RUN: Final = """
UPDATE runs SET status = ?, started_at = ?, ended_at = ?, output = ?, request_version = ?,
    force_step_plan = 0, step_group = ''
WHERE id = ? AND ended_at IS NULL
"""
SKIP_AT_START: Final = """
UPDATE runs SET status = 'skipped', ended_at = ? WHERE id = ? AND ended_at IS NULL
"""
LOAD_RUN: Final = """
SELECT function_id, status, created_at, started_at, ended_at, event_ids, max_attempts,
    correlation_id, original_run_id, request_version, force_step_plan, step_group
FROM runs WHERE id = ?
"""

_GLANCE = "id, function_id, status, created_at, event_ids"
SCAN_RUNS: Final = f"""
SELECT {_GLANCE} FROM runs WHERE id > ? AND id < ? ORDER BY id LIMIT ?
"""  # noqa: S608 - column names only
SCAN_RUNS_OF_FUNCTION: Final = f"""
SELECT {_GLANCE} FROM runs WHERE function_id = ? AND id > ? AND id < ? ORDER BY id LIMIT ?
"""  # noqa: S608 - column names only

_VIEW = """id, function_id, status, created_at, started_at, ended_at, event_ids, output,
    correlation_id, original_run_id"""
GET_RUN: Final = f"SELECT {_VIEW} FROM runs WHERE id = ?"  # noqa: S608 - column names only
LIST_RUNS: Final = f"""
SELECT {_VIEW} FROM runs WHERE id < ? AND status LIKE ? ORDER BY id DESC LIMIT ?
"""  # noqa: S608 - column names only
LIST_RUNS_OF_FUNCTION: Final = f"""
SELECT {_VIEW} FROM runs WHERE function_id = ? AND id < ? AND status LIKE ?
ORDER BY id DESC LIMIT ?
"""  # noqa: S608 - column names only
RUNS_OF_EVENT: Final = f"""
SELECT {_VIEW} FROM run_events JOIN runs ON runs.id = run_events.run_id
WHERE run_events.event_id = ? ORDER BY run_events.run_id
"""  # noqa: S608 - column names only

SAVE_STEP: Final = """
INSERT INTO steps (run_id, id, op, name, status, memo, position, attempts, race, started_at,
    ended_at, error, input)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run_id, id) DO UPDATE SET
    op = CASE WHEN excluded.memo IS NULL AND op <> 'None' THEN op ELSE excluded.op END,
    status = excluded.status, memo = excluded.memo, position = excluded.position,
    attempts = excluded.attempts, ended_at = excluded.ended_at, error = excluded.error
    WHERE steps.memo IS NULL
"""
LOAD_STEPS: Final = """
SELECT id, op, name, status, memo, position, attempts, race, started_at, ended_at, error,
    input
FROM steps WHERE run_id = ? ORDER BY position IS NULL, position, started_at
"""

ADD_ITEM: Final = """
INSERT INTO queue (id, run_id, function_id, kind, step_id, due_at, attempt, max_attempts,
    generation, payload, parked)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
REQUEUE_ITEM: Final = """
UPDATE queue SET due_at = ?, attempt = ?, generation = ?, parked = ? WHERE id = ?
"""
BEGIN_ITEM: Final = "UPDATE queue SET payload = NULL WHERE id = ? AND payload IS NOT NULL"
RESET_ATTEMPT: Final = "UPDATE queue SET attempt = 0 WHERE id = ?"
DROP_ITEM: Final = "DELETE FROM queue WHERE id = ?"
DROP_RUN_ITEMS: Final = "DELETE FROM queue WHERE run_id = ? AND parked >= 1"
DROP_STEP_ITEMS: Final = "DELETE FROM queue WHERE run_id = ? AND step_id = ? AND parked >= 1"
DUE_ITEMS: Final = """
SELECT id, run_id, function_id, kind, step_id, due_at, attempt, max_attempts, generation, payload
FROM queue WHERE parked = 1 AND due_at <= ? ORDER BY due_at LIMIT ?
"""
_ITEM = """id, run_id, function_id, kind, step_id, due_at, attempt, max_attempts, generation,
    payload, parked"""
# The two halves of the queue have an index each.
ITEMS_OF_RUN: Final = f"""
SELECT {_ITEM} FROM queue WHERE run_id = ? AND parked >= 1
UNION ALL SELECT {_ITEM} FROM queue WHERE run_id = ? AND parked = 0
ORDER BY due_at, id
"""  # noqa: S608 - column names only
COUNT_ITEMS: Final = """
SELECT (SELECT count(*) FROM queue WHERE parked = 1)
    + (SELECT count(*) FROM queue WHERE parked = 0) + (SELECT count(*) FROM waiting)
"""
COUNT_DUE: Final = """
SELECT (SELECT count(*) FROM queue WHERE parked = 1 AND due_at <= ?)
    + (SELECT count(*) FROM queue WHERE parked = 0) + (SELECT count(*) FROM waiting)
"""
LET_WAIT: Final = "UPDATE queue SET parked = 2 WHERE id = ?"
ADD_WAITING: Final = "INSERT OR REPLACE INTO waiting (slot, due_at, item_id) VALUES (?, ?, ?)"
WAITING: Final = """
SELECT slot, due_at, item_id FROM waiting WHERE slot = ? ORDER BY due_at, item_id LIMIT ?
"""
DROP_WAITING: Final = "DELETE FROM waiting WHERE slot = ? AND due_at = ? AND item_id = ?"
WAITING_ITEM: Final = """
SELECT id, run_id, function_id, kind, step_id, due_at, attempt, max_attempts, generation, payload
FROM queue WHERE id = ? AND parked = 2
"""
WAITING_SLOTS: Final = """
WITH RECURSIVE slots (slot) AS (
    SELECT min(slot) FROM waiting
    UNION ALL
    SELECT (SELECT min(slot) FROM waiting WHERE waiting.slot > slots.slot) FROM slots
    WHERE slots.slot IS NOT NULL
)
SELECT slot FROM slots WHERE slot IS NOT NULL
"""
HOLD_ITEM: Final = "UPDATE queue SET parked = 0 WHERE id = ?"
NEXT_DUE: Final = "SELECT min(due_at) FROM queue WHERE parked = 1"
RELEASE_HELD: Final = "UPDATE queue SET parked = 1 WHERE parked = 0"
LAST_ITEM: Final = "SELECT max(id) FROM queue"

ADD_PAUSE: Final = """
INSERT INTO pauses (run_id, step_id, function_id, event_id, kind, name, expression, match_path,
    match_value, created_at, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
DROP_PAUSE: Final = "DELETE FROM pauses WHERE id = ?"
DROP_RUN_PAUSES: Final = "DELETE FROM pauses WHERE run_id = ?"
DROP_STEP_PAUSES: Final = "DELETE FROM pauses WHERE run_id = ? AND step_id = ?"
MATCHING_PAUSES: Final = """
SELECT id, run_id, step_id, function_id, event_id, kind, expression FROM pauses
WHERE name = ? AND match_path = ? AND match_value = ? AND created_at <= ? AND expires_at > ?
"""
EVENTS_SINCE: Final = """
SELECT internal_id, received_at, body FROM events
WHERE name = ? AND internal_id >= ? AND received_at >= ? AND internal_id NOT IN (
    SELECT event_id FROM run_events WHERE run_id = ? AND event_id = internal_id
)
ORDER BY internal_id LIMIT ?
"""
EVENTS_WAITED_FOR: Final = """
SELECT json_extract(memo, '$.id') FROM steps
WHERE run_id = ? AND op = 'WaitForEvent' AND memo IS NOT NULL
"""
LAST_PAUSE: Final = """
SELECT id, run_id, step_id, function_id, event_id, kind, expression FROM pauses
WHERE run_id = ? AND step_id = ?
"""
SIGNAL_PAUSE: Final = """
SELECT id, run_id, step_id, function_id FROM pauses
WHERE name = ? AND match_path = '' AND match_value = '' AND kind = 'signal' AND expires_at > ?
LIMIT 1
"""
PAUSE_PATHS: Final = """
WITH RECURSIVE pairs (name, path) AS (
    SELECT * FROM (SELECT name, match_path FROM pauses ORDER BY name, match_path LIMIT 1)
    UNION ALL
    SELECT next.name, next.match_path FROM pairs JOIN pauses AS next ON next.id = (
        SELECT id FROM pauses
        WHERE (name, match_path) > (pairs.name, pairs.path)
        ORDER BY name, match_path LIMIT 1
    )
)
SELECT name, path FROM pairs
"""

SAVE_METADATA: Final = """
INSERT INTO metadata (run_id, step_id, kind, scope, value, updated_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (run_id, step_id, kind) DO UPDATE SET scope = excluded.scope, value = excluded.value,
    updated_at = excluded.updated_at
"""
OTHER_METADATA_BYTES: Final = """
SELECT total(length(value)) FROM metadata WHERE run_id = ? AND (step_id <> ? OR kind <> ?)
"""
LOAD_METADATA: Final = """
SELECT step_id, kind, scope, value, updated_at FROM metadata WHERE run_id = ?
ORDER BY step_id, kind
"""
DELETE_METADATA: Final = "DELETE FROM metadata WHERE run_id = ?"

ADD_SPAN: Final = """
INSERT INTO spans (run_id, id, parent_id, step_id, name, started_at, ended_at, detail)
SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM runs WHERE id = ?)
    AND (SELECT count(*) FROM spans WHERE run_id = ?) < ?
ON CONFLICT (run_id, id) DO NOTHING
"""
LOAD_SPANS: Final = """
SELECT run_id, id, parent_id, step_id, name, started_at, ended_at, detail FROM spans
WHERE run_id = ? ORDER BY started_at, id
"""
DELETE_SPANS: Final = "DELETE FROM spans WHERE run_id = ?"

PAUSE_FUNCTION: Final = """
INSERT INTO paused_functions (function_id, paused_at) VALUES (?, ?) ON CONFLICT DO NOTHING
"""
RESUME_FUNCTION: Final = "DELETE FROM paused_functions WHERE function_id = ?"
LOAD_PAUSED: Final = "SELECT function_id, paused_at FROM paused_functions"

# A run is over when it has ended, an event when no run refers to it.
RUN_AGES: Final = "SELECT id, ended_at FROM runs WHERE id > ? AND id < ? ORDER BY id LIMIT ?"
EVENT_AGES: Final = """
SELECT internal_id, CASE
    WHEN EXISTS (SELECT 1 FROM run_events WHERE event_id = internal_id) THEN NULL
    ELSE received_at END
FROM events WHERE internal_id > ? AND internal_id < ? ORDER BY internal_id LIMIT ?
"""
NEWEST_RUN: Final = "SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?"
NEWEST_EVENT: Final = "SELECT internal_id FROM events ORDER BY internal_id DESC LIMIT 1 OFFSET ?"
ENDED_EVENTS: Final = "SELECT event_ids FROM runs WHERE id = ? AND ended_at IS NOT NULL"
DELETE_STEPS: Final = "DELETE FROM steps WHERE run_id = ?"
DELETE_RUN: Final = "DELETE FROM runs WHERE id = ?"
DELETE_EVENT: Final = """
DELETE FROM events WHERE internal_id = ?
    AND NOT EXISTS (SELECT 1 FROM run_events WHERE event_id = ?)
"""
HAS_EVENT: Final = "SELECT 1 FROM events WHERE internal_id = ?"

# A quota whose theoretical arrival time has passed admits as much as one that is not there.
FORGET_QUOTAS: Final = """
DELETE FROM quotas WHERE key IN (
    SELECT key FROM quotas WHERE key >= ? AND key < ? AND tat <= ? LIMIT ?
)
"""
GET_QUOTA: Final = "SELECT tat FROM quotas WHERE key = ?"
SET_QUOTA: Final = "INSERT OR REPLACE INTO quotas (key, tat) VALUES (?, ?)"

GET_SINGLETON: Final = "SELECT run_id FROM singletons WHERE key = ?"
SET_SINGLETON: Final = "INSERT OR REPLACE INTO singletons (key, run_id) VALUES (?, ?)"
DROP_SINGLETON: Final = "DELETE FROM singletons WHERE run_id = ?"

GET_GATHERING: Final = """
SELECT gatherings.run_id, item_id, newest, deadline, event_ids, correlation_id
FROM gatherings JOIN queue ON queue.id = item_id JOIN runs ON runs.id = gatherings.run_id
WHERE key = ? AND queue.parked = 1 AND queue.due_at > ? AND runs.ended_at IS NULL
"""
SET_GATHERING: Final = """
INSERT OR REPLACE INTO gatherings (key, run_id, item_id, newest, deadline) VALUES (?, ?, ?, ?, ?)
"""
DROP_GATHERING: Final = "DELETE FROM gatherings WHERE run_id = ?"
HAS_KEYED_RUNS: Final = """
SELECT EXISTS (SELECT 1 FROM singletons) OR EXISTS (SELECT 1 FROM gatherings)
    OR EXISTS (SELECT 1 FROM run_slots)
"""
HOLD_RUN_SLOT: Final = "INSERT OR IGNORE INTO run_slots (run_id, slot, size) VALUES (?, ?, ?)"
HELD_RUN_SLOTS: Final = "SELECT run_id, slot, size FROM run_slots"
DROP_RUN_SLOTS: Final = "DELETE FROM run_slots WHERE run_id = ?"
SET_RUN_EVENTS: Final = "UPDATE runs SET event_ids = ? WHERE id = ?"
REPLACE_RUN_EVENT: Final = "UPDATE runs SET event_ids = ?, correlation_id = ? WHERE id = ?"
DROP_RUN_EVENT: Final = "DELETE FROM run_events WHERE event_id = ? AND run_id = ?"
MOVE_ITEM: Final = "UPDATE queue SET due_at = ? WHERE id = ?"
SKIP_RUN: Final = """
INSERT INTO runs (id, function_id, status, created_at, ended_at, event_ids, max_attempts)
VALUES (?, ?, 'skipped', ?, ?, ?, ?)
"""
