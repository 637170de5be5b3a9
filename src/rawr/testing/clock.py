"""A clock that stands still until a test moves it."""

import heapq
import itertools

import anyio


class VirtualClock:
    """Time for tests: whoever waits for a time is woken when the test has moved the clock there.

    Times are milliseconds since the epoch.
    """

    def __init__(self, start_ms: int = 1_767_225_600_000) -> None:
        self._now_ms = start_ms
        self._sleepers: list[tuple[int, int, anyio.Event]] = []
        self._order = itertools.count()

    def now_ms(self) -> int:
        """Return the current time."""
        return self._now_ms

    async def wait(self, wake: anyio.Event, until_ms: int | None) -> None:
        """Return once `wake` is set or the clock was moved to `until_ms`."""
        if until_ms is not None:
            if until_ms <= self._now_ms:
                # As a real clock would: others get their turn.
                await anyio.lowlevel.checkpoint()
                return
            # The waiter's own event, so that it may wake it and find nothing to do; it looks again.
            heapq.heappush(self._sleepers, (until_ms, next(self._order), wake))
        await wake.wait()

    def advance(self, delta_ms: int) -> None:
        """Move the clock forward."""
        self.move_to(self._now_ms + delta_ms)

    def move_to(self, time_ms: int) -> None:
        """Move the clock to a time that is not in the past.

        Raises:
            ValueError: the time is in the past.
        """
        if time_ms < self._now_ms:
            raise ValueError("a clock never goes back")
        self._now_ms = time_ms
        while self._sleepers and self._sleepers[0][0] <= time_ms:
            heapq.heappop(self._sleepers)[2].set()
