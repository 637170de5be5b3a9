"""What an HQ has stored: migrations, outbox, runs, and the clock by them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from rawr import coordination
from rawr.composition import Manifest
from rawr.host import ENGINE_DATABASE, ENGINE_MIGRATIONS, hq_migrations
from rawr.sqlite import Database, MigrationSet, SchemaOutdated, StorageError

from ._report import Finding, mend, note, ok

_HQ: Final = "hq.db"
_PATIENCE: Final = timedelta(hours=1)
_DRIFT: Final = timedelta(minutes=5)
"""How far a clock may be off: what signatures tolerate."""

# The run store shows one tenant at a time, on purpose; a doctor counts and shows none of them.
_COUNT: Final = """
SELECT
    (SELECT max(updated_at_ms) FROM coordination_runs),
    (SELECT count(*) FROM coordination_outbox WHERE sent_at_ms IS NULL),
    (SELECT last_error FROM coordination_outbox
     WHERE sent_at_ms IS NULL AND attempts > 0 ORDER BY position LIMIT 1),
    (SELECT count(*) FROM coordination_runs
     WHERE finished_at_ms IS NULL AND event_id IS NOT NULL AND updated_at_ms < ?)
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the HQ's database holds."""

    newest_ms: int | None
    """When the run that changed last did so, in milliseconds since the epoch."""
    waiting: int
    """Events that are not sent yet."""
    failure: str | None
    """Why the first of them could not be sent, if that was tried."""
    unmoved: int
    """Runs under way that have not changed for a while."""


async def check_stored(
    data_dir: Path, manifest: Manifest | None, *, has_engine: bool, now_ms: int
) -> list[Finding]:
    """Check the databases of a data folder; nothing is migrated.

    `has_engine` is false of an HQ whose functions a server executes.
    """
    found = [await _check_migrations(data_dir / _HQ, hq_migrations(manifest))]
    engine = data_dir / ENGINE_DATABASE
    if has_engine or not _is_new(engine):
        found.append(await _check_migrations(engine, [ENGINE_MIGRATIONS]))
    counts = await _count(data_dir / _HQ, now_ms)
    return [*found, *(check_counts(counts, now_ms) if counts is not None else ())]


def check_counts(counts: Counts, now_ms: int) -> Iterator[Finding]:
    """Judge what is stored."""
    if counts.failure is not None:
        yield mend(
            "outbox",
            f"events waiting: {counts.waiting}; sending one failed: {counts.failure}",
            "mend what it says; the events are sent by themselves then",
        )
    elif counts.waiting:
        yield note("outbox", f"events waiting: {counts.waiting}; a running host sends them")
    else:
        yield ok("outbox", "every event is sent")
    if counts.unmoved:
        yield note(
            "runs",
            f"under way and unchanged for an hour: {counts.unmoved}; that is fine for those that "
            "sleep or wait for an event, and the host's log tells of the others",
        )
    else:
        yield ok("runs", "none that is stuck")
    yield check_clock(counts.newest_ms, now_ms)


def check_clock(newest_ms: int | None, now_ms: int) -> Finding:
    """Whether the clock is behind what was stored by it."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    behind = timedelta(milliseconds=(newest_ms or 0) - now_ms)
    if behind > _DRIFT:
        return mend(
            "clock",
            f"it says {now:%Y-%m-%d %H:%M} UTC, and the data is {behind} newer",
            "set it, by NTP if you can; timers would fire late, and signatures be refused",
        )
    return ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")


async def _check_migrations(path: Path, wanted: Sequence[MigrationSet]) -> Finding:
    check = f"data {path.name}"
    if _is_new(path):
        return ok(check, "made at the first start")
    try:
        async with await Database.open(path, migrations=wanted, readers=1, verify_only=True):
            return ok(check, "every migration is applied")
    except SchemaOutdated as waiting:
        pending = str(waiting).partition(";")[0]
        return note(check, f"{pending}; the next start applies them, so back {path} up before")
    except StorageError as error:
        return mend(check, str(error), f"do not start a host on {path} before; back it up")


async def _count(path: Path, now_ms: int) -> Counts | None:
    """The counts, or None where there is nothing to count in."""
    if _is_new(path):
        return None
    before = now_ms - _PATIENCE // timedelta(milliseconds=1)

    try:
        wanted = [coordination.MIGRATIONS]
        async with await Database.open(
            path, migrations=wanted, readers=1, verify_only=True
        ) as database:
            row = await database.read(lambda it: it.execute(_COUNT, (before,)).fetchone())
            return Counts(*row)
    except StorageError:
        return None  # its migrations tell why


def _is_new(path: Path) -> bool:
    return not path.exists()
