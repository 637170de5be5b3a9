"""The `rawr` command: thin over the host and the engine."""

from ._main import main

__all__ = ["main"]
