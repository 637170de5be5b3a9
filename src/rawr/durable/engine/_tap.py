"""Where the SDK's objects of one call reach the engine."""

from _json import make_encoder
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from json.encoder import JSONEncoder, encode_basestring_ascii
from typing import Final

import msgspec
from inngest._internal import execution_lib, server_lib, step_lib

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.op import Op, Opcode
from rawr.durable.engine.transport import Journal

_decode = msgspec.json.decode
#: What encodes for the SDK over HTTP, so that both accept the same outputs. `json.dumps` makes one
#: for every value, which takes as long as encoding a small one.
_encode: Final = make_encoder(
    markers=None,  # a value that holds itself ends in a RecursionError
    default=JSONEncoder().default,
    encoder=encode_basestring_ascii,
    indent=None,
    key_separator=":",
    item_separator=",",
    sort_keys=False,
    skipkeys=False,
    allow_nan=False,
)


class Attempt:
    """What the SDK's execution reads of the request it serves."""

    __slots__ = ("attempt", "disable_immediate_execution", "max_attempts")

    def __init__(
        self, *, attempt: int, disable_immediate_execution: bool, max_attempts: int
    ) -> None:
        self.attempt = attempt
        self.disable_immediate_execution = disable_immediate_execution
        self.max_attempts = max_attempts


class Tap:
    """Where the SDK's objects of one call reach the engine.

    Attributes:
        commits: True when steps of this call are committed while it goes on.
        context: The context the function was called with.
        step_id: The hashed id of the step that executes now, or executed last.
        started_at: When that step began, in milliseconds since the epoch.
    """

    __slots__ = (
        "_attempt",
        "_clock",
        "_inputs",
        "_journal",
        "commits",
        "context",
        "started_at",
        "step_id",
    )

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        attempt: Attempt,
        *,
        commits: bool,
        inputs: Mapping[str, bytes],
    ) -> None:
        self.step_id: str | None = None
        self.started_at = 0
        self.commits = commits
        self.context: execution_lib.Context | execution_lib.ContextSync | None = None
        self._journal = journal
        self._clock = clock
        self._attempt = attempt
        self._inputs = inputs

    def takes(self, interrupt: step_lib.ResponseInterrupt) -> bool:
        """True when the call can go on after this interruption: one step ran and succeeded."""
        return (
            self.commits
            and not step_lib.in_parallel.get()
            and len(interrupt.responses) == 1
            and interrupt.responses[0].step.op is server_lib.Opcode.STEP_RUN
        )

    @property
    def commits_new_steps(self) -> bool:
        """True when a new step executes at once, and nothing about it is out of the ordinary."""
        return (
            self.commits
            and not self._inputs
            and not self._attempt.disable_immediate_execution
            and not step_lib.in_parallel.get()
        )

    def begin(self, step_id: str) -> int:
        """Note that a step is about to execute; return when, in milliseconds since the epoch."""
        self.step_id = step_id
        self.started_at = self._clock.now_ms()
        return self.started_at

    def arguments(self, own: tuple[object, ...]) -> Sequence[object]:
        """Return the arguments of the step that executes: its own, or those of a rerun."""
        given = self._inputs.get(self.step_id or "")
        if given is None:
            return own
        arguments: list[object] = _decode(given)
        return arguments

    @property
    def replaces_arguments(self) -> bool:
        """True when a step of this call may get other arguments than its own."""
        return bool(self._inputs)

    async def commit_reported(self, info: step_lib.StepInfo, output: str) -> object:
        """Commit the output of the step that executed last, as the SDK reports it."""
        return await self.commit(info.id, info.display_name, output, started_at=self.started_at)

    async def commit(self, step_id: str, name: str, output: str, *, started_at: int) -> object:
        """Commit a step's output and return its value as a replay would."""
        op = Op(
            op=Opcode.STEP_RUN,
            id=step_id,
            name=name,
            display_name=name,
            data=output.encode(),
            started_at=started_at,
        )
        memo = _decode(await self._journal(op))
        # A saved step starts the count of attempts again, also for what this call does next.
        self._attempt.attempt = 0
        if self.context is not None:
            self.context.attempt = 0
        return memo["data"]

    def instant_after(self, duration: int | timedelta) -> datetime:
        """Return when a sleep that starts now ends; an `int` is milliseconds."""
        length = duration if isinstance(duration, timedelta) else timedelta(milliseconds=duration)
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC) + length


def to_json(output: object) -> str | None:
    """Return a value as JSON text; `None` when it is not JSON."""
    try:
        return "".join(_encode(output, 0))
    except (TypeError, ValueError, RecursionError):
        return None
