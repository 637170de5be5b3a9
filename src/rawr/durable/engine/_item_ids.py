"""Numbers for queue items."""

import itertools


class ItemIds:
    """Counts up; safe to use from the loop and the store's writer thread at once."""

    def __init__(self) -> None:
        self._count = itertools.count(1)

    def start_after(self, last: int) -> None:
        """Go on after the last id a store has used."""
        self._count = itertools.count(last + 1)

    def __call__(self) -> int:
        # One bytecode-level step on an iterator of C: atomic under the interpreter lock.
        return next(self._count)
