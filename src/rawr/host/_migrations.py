"""The tables of an HQ's own database, in one list for everybody who opens it."""

from importlib.resources import files
from typing import Final

from rawr.composition import Manifest
from rawr.coordination import MIGRATIONS as COORDINATION
from rawr.sqlite import MigrationSet

from .identity import MIGRATIONS as IDENTITY

_HOST: Final = MigrationSet(component="host", directory=files("rawr.host") / "migrations")


def hq_migrations(manifest: Manifest | None = None) -> list[MigrationSet]:
    """The migrations of the HQ's database: the host's own, and those of its capabilities."""
    own = () if manifest is None else manifest.migrations
    return [COORDINATION, IDENTITY, _HOST, *own]
