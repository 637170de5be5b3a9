"""The engine's view of time: a port, and the system clock behind it."""

import time
from typing import Protocol

import anyio


class Clock(Protocol):
    """Wall time in milliseconds since the epoch, and waiting for it."""

    def now_ms(self) -> int:
        """Return the current time, in milliseconds since the epoch."""
        ...

    async def wait(self, wake: anyio.Event, until_ms: int | None) -> None:
        """Return once `wake` is set or the time `until_ms` is reached; `None` waits for `wake`."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """Return the current time, in milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    async def wait(self, wake: anyio.Event, until_ms: int | None) -> None:
        """Return once `wake` is set or the time `until_ms` is reached; `None` waits for `wake`."""
        if until_ms is None:
            await wake.wait()
            return
        # Wall time may be stepped; waking early is harmless because the caller looks again.
        with anyio.move_on_after(max(0, until_ms - self.now_ms()) / 1000):
            await wake.wait()
