"""Seeing every connection that Python code opens, whichever library asks for it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

_watchers: list[Callable[[str], None]] = []


def watch_connections(tell: Callable[[str], None]) -> None:
    """Tell the address of every socket of this process that connects, from now on."""
    _install()
    _watchers.append(tell)


@contextmanager
def connections() -> Iterator[list[str]]:
    """The addresses this process connects to within the block."""
    opened: list[str] = []
    watch_connections(opened.append)
    try:
        yield opened
    finally:
        _watchers.remove(opened.append)


@cache
def _install() -> None:
    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "socket.connect":
            for tell in _watchers:
                tell(repr(arguments[1]))

    sys.addaudithook(watch)  # cannot be taken away again, so it is added once
