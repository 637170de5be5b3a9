"""Whether the host can do its work: looked at now and then, so that asking costs nothing."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeAlias

import anyio

from rawr.coordination import Coordination
from rawr.durable.domain.clock import Clock
from rawr.sqlite import Database, StorageError

from ._engine import EngineBundle

logger: Final = logging.getLogger("rawr.host")

LOOK_EVERY: Final = timedelta(seconds=5)
STALE_AFTER: Final = timedelta(seconds=30)
"""An older look says nothing: whatever should look is stuck."""

_ANSWER_SECONDS: Final = 2.0
_FAILED_PASSES: Final = 3
_MS: Final = timedelta(milliseconds=1)
_BEAT: Final = (
    "INSERT INTO host_heartbeat (only, at_ms) VALUES (1, ?) "
    "ON CONFLICT (only) DO UPDATE SET at_ms = excluded.at_ms"
)

Check: TypeAlias = Callable[[], Awaitable[str | None]]
"""What is wrong, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found, by what was looked at: `ok` or `failing`. Reasons are for the log alone."""

    ready: bool
    checks: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Readiness:
    """Looks at what the host depends on, and remembers."""

    clock: Clock
    checks: Mapping[str, Check]
    is_serving: bool = False
    _found: dict[str, str | None] = field(default_factory=dict)
    _looked_at_ms: int = 0

    async def keep_looking(self) -> None:
        """Look every few seconds; runs until cancelled."""
        while True:
            await self.clock.wait(anyio.Event(), self.clock.now_ms() + LOOK_EVERY // _MS)
            await self.look()

    async def look(self) -> None:
        """Look at everything, and log what changed."""
        for name, check in self.checks.items():
            wrong: str | None = f"no answer within {_ANSWER_SECONDS:.0f} seconds"
            with anyio.move_on_after(_ANSWER_SECONDS):
                wrong = await check()
            self._note(name, wrong)
        self._looked_at_ms = self.clock.now_ms()

    def report(self) -> Report:
        """What the last look found."""
        age = self.clock.now_ms() - self._looked_at_ms
        is_fresh = bool(self._found) and age < STALE_AFTER // _MS
        found = {
            name: "ok" if wrong is None and is_fresh else "failing"
            for name, wrong in self._found.items()
        }
        is_well = is_fresh and all(state == "ok" for state in found.values())
        return Report(ready=self.is_serving and is_well, checks=found)

    def _note(self, name: str, wrong: str | None) -> None:
        before = self._found.get(name)
        self._found[name] = wrong
        if wrong is not None and before is None:
            logger.error("%s fails: %s", name, wrong, extra={"action": "host.unready"})
        elif wrong is None and before is not None:
            logger.info("%s works again", name, extra={"action": "host.ready"})


def checks_of(
    database: Database, bundle: EngineBundle, coordination: Coordination, clock: Clock
) -> dict[str, Check]:
    """What a host depends on: its database, its engine, the relay between them."""

    async def can_write() -> str | None:
        def beat(connection: Any) -> int:
            return int(connection.execute(_BEAT, (clock.now_ms(),)).rowcount)

        try:
            await database.write(beat)
        except StorageError as error:
            return str(error)
        return None

    async def sends() -> str | None:
        failures = coordination.relay.failed_passes
        return f"nothing gets through, {failures} times" if failures >= _FAILED_PASSES else None

    return {"database": can_write, "engine": bundle.find_fault, "relay": sends}
