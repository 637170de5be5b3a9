"""Who waits for the end of a run."""

import anyio

from rawr.durable.domain.errors import RunNotFound
from rawr.durable.store.port import RunView, Store


class Waiters:
    """Lets callers wait until a run has ended."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ended: dict[str, anyio.Event] = {}

    async def wait(self, run_id: str) -> RunView:
        """Return a run once it has ended.

        Raises:
            RunNotFound: no run has this id.
        """
        while True:
            ended = self._ended.setdefault(run_id, anyio.Event())
            view = await self._store.get_run(run_id)
            if view is None or view.status.is_terminal:
                self._ended.pop(run_id, None)
            if view is None:
                raise RunNotFound(f"No run has the id {run_id}")
            if view.status.is_terminal:
                return view
            await ended.wait()

    def tell(self, run_id: str) -> None:
        """Say that a run has ended."""
        ended = self._ended.pop(run_id, None)
        if ended is not None:
            ended.set()
