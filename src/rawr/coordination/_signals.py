"""Wake-ups inside one process: who waits for a change is told when it is committed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import anyio


class Subscription:
    """A waiter's view of one thing that changes."""

    __slots__ = ("_changed",)

    def __init__(self) -> None:
        self._changed = anyio.Event()

    def arm(self) -> anyio.Event:
        """Return the event the next change sets. Arm before reading, so that none is missed."""
        if self._changed.is_set():
            self._changed = anyio.Event()
        return self._changed

    def notify(self) -> None:
        """Report a change."""
        self._changed.set()


class RunSignals:
    """Tells subscribers that something was committed for a run.

    A hint only: another process's changes are not seen here, so waiters also look from time to
    time.
    """

    def __init__(self) -> None:
        #: Notified when an event was committed for sending.
        self.outbox = Subscription()
        self._subscriptions: dict[str, set[Subscription]] = {}

    @contextmanager
    def subscribe(self, run_id: str) -> Iterator[Subscription]:
        """Receive changes of one run until the block ends."""
        subscription = Subscription()
        self._subscriptions.setdefault(run_id, set()).add(subscription)
        try:
            yield subscription
        finally:
            remaining = self._subscriptions[run_id]
            remaining.discard(subscription)
            if not remaining:
                del self._subscriptions[run_id]

    def notify(self, run_ids: Iterable[str]) -> None:
        """Report that these runs changed."""
        for run_id in run_ids:
            for subscription in self._subscriptions.get(run_id, ()):
                subscription.notify()
