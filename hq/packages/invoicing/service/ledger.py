"""Which invoices are reconciled, and under which account."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from sqlite3 import Connection
from typing import Final, Protocol

from packages.invoicing.domain.run import ReconciliationScope
from rawr.sqlite import Database, MigrationSet

MIGRATIONS: Final = MigrationSet(
    component="invoicing", directory=files("packages.invoicing.service") / "migrations"
)


class Ledger(Protocol):
    """The books that a reconciliation writes to."""

    async def reconcile(self, tenant_id: str, run_id: str, scope: ReconciliationScope) -> list[str]:
        """Reconcile the scope's invoices; returns those that belong to another account.

        All or nothing: if any belongs to another account, none is changed. Repeating it for
        the same run changes nothing more, and a dry run changes nothing at all.
        """
        ...


@dataclass(frozen=True, slots=True)
class SqliteLedger:
    """The ledger in the HQ's database."""

    database: Database

    async def reconcile(self, tenant_id: str, run_id: str, scope: ReconciliationScope) -> list[str]:
        """See `Ledger.reconcile`."""

        def work(connection: Connection) -> list[str]:
            foreign = _foreign(connection, tenant_id, scope)
            if not foreign and not scope.dry_run:
                connection.executemany(
                    "INSERT INTO invoicing_reconciled (tenant_id, invoice_id, account_id, run_id)"
                    " VALUES (?, ?, ?, ?) ON CONFLICT (tenant_id, invoice_id)"
                    " DO UPDATE SET run_id = excluded.run_id",
                    [
                        (tenant_id, invoice_id, scope.account_id, run_id)
                        for invoice_id in scope.invoice_ids
                    ],
                )
            return foreign

        return await self.database.write(work)


def _foreign(connection: Connection, tenant_id: str, scope: ReconciliationScope) -> list[str]:
    return [
        invoice_id
        for invoice_id in scope.invoice_ids
        if _belongs_elsewhere(connection, (tenant_id, invoice_id, scope.account_id))
    ]


def _belongs_elsewhere(connection: Connection, parameters: Sequence[str]) -> bool:
    found = connection.execute(
        "SELECT 1 FROM invoicing_reconciled"
        " WHERE tenant_id = ? AND invoice_id = ? AND account_id <> ?",
        parameters,
    )
    return found.fetchone() is not None
