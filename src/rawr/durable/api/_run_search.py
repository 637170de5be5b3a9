"""Finding runs by several functions, statuses and a time window at once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import Engine, RunView

_PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs to find; what is empty or `None` does not matter.

    Attributes:
        created_from: Created then or later, in milliseconds since the epoch.
        created_until: Created before.
    """

    function_ids: frozenset[str] = frozenset()
    statuses: frozenset[RunStatus] = frozenset()
    created_from: int | None = None
    created_until: int | None = None


async def find_runs(
    engine: Engine, wanted: RunFilter, *, before: str | None = None
) -> AsyncIterator[RunView]:
    """The runs that fit, the newest first, starting below the id `before`."""
    function_id = next(iter(wanted.function_ids)) if len(wanted.function_ids) == 1 else None
    status = next(iter(wanted.statuses)) if len(wanted.statuses) == 1 else None
    while page := await engine.list_runs(
        limit=_PAGE, before=before, function_id=function_id, status=status
    ):
        for run in page:
            if wanted.created_from is not None and run.created_at < wanted.created_from:
                return
            if _fits(run, wanted):
                yield run
        before = page[-1].id


def _fits(run: RunView, wanted: RunFilter) -> bool:
    return (
        (not wanted.function_ids or run.function_id in wanted.function_ids)
        and (not wanted.statuses or run.status in wanted.statuses)
        and (wanted.created_until is None or run.created_at < wanted.created_until)
    )
