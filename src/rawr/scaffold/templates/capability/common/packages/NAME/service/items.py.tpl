"""Where items are kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from sqlite3 import Connection
from typing import Final, Protocol

from rawr.sqlite import Database, MigrationSet

from packages.$name.domain.item import Item

MIGRATIONS: Final = MigrationSet(
    component="$name",
    directory=files("packages.$name.service") / "migrations",
)

_ADD: Final = """
INSERT INTO ${name}_items (tenant_id, title, item_id) VALUES (?, ?, ?)
ON CONFLICT (tenant_id, title) DO NOTHING
"""
_ID: Final = "SELECT item_id FROM ${name}_items WHERE tenant_id = ? AND title = ?"
%% if api
_GET: Final = "SELECT title FROM ${name}_items WHERE tenant_id = ? AND item_id = ?"
%% end


class Items(Protocol):
    """The items of all tenants; every call names the tenant."""

    async def add(self, tenant_id: str, titles: Sequence[str]) -> list[Item]:
        """Keep an item for each title and return them; a title that is kept already stays."""
        ...
%% if api

    async def get(self, tenant_id: str, item_id: str) -> Item | None:
        """The item, or None if the tenant has no such item."""
        ...
%% end


@dataclass(frozen=True, slots=True)
class SqliteItems:
    """The items in the HQ's database."""

    database: Database
    new_id: Callable[[], str]

    async def add(self, tenant_id: str, titles: Sequence[str]) -> list[Item]:
        """See `Items.add`."""
        rows = [(tenant_id, title, self.new_id()) for title in titles]

        def work(connection: Connection) -> list[Item]:
            connection.executemany(_ADD, rows)
            return [_with_title(connection, tenant_id, title) for title in titles]

        return await self.database.write(work)
%% if api

    async def get(self, tenant_id: str, item_id: str) -> Item | None:
        """See `Items.get`."""

        def work(connection: Connection) -> Item | None:
            row = connection.execute(_GET, (tenant_id, item_id)).fetchone()
            return None if row is None else Item(item_id=item_id, title=row[0])

        return await self.database.read(work)
%% end


def _with_title(connection: Connection, tenant_id: str, title: str) -> Item:
    (item_id,) = connection.execute(_ID, (tenant_id, title)).fetchone()
    return Item(item_id=item_id, title=title)
