"""How functions are called: the port, and what a call needs."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from rawr.durable.domain.function import FunctionConfig
from rawr.durable.domain.op import Op, Response
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import RunState

Journal = Callable[[Op], Awaitable[bytes]]
"""Commits a step while its call goes on; returns the memo the step has from now on.

Raises `CallAbandoned` when the run has ended or the step could not be stored, so that the call
must not go on.
"""


class CallAbandoned(BaseException):
    """The run of this call has ended, or its step could not be stored: the call must not go on.

    Not an `Exception`, so that a function's own error handling cannot swallow it.
    """


class Call(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call of a function, for its next unknown step or for one planned step."""

    function: FunctionConfig
    state: RunState
    item: QueueItem
    request_id: str


class Transport(Protocol):
    """Calls functions of one kind of app."""

    async def call(self, call: Call, journal: Journal) -> Response:
        """Make one call and say how it ended; failures are answers, not exceptions.

        A transport that runs the function in this process may commit steps through `journal`
        and go on; any other ignores it.
        """
        ...

    async def close(self) -> None:
        """Release what the transport holds."""
        ...
