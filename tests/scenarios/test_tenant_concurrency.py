"""A tenant's runs wait for each other, and for nobody else's."""

from collections import Counter
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from tests.scenarios.kit import HQ, manifest_with, running_hq

from packages.invoicing.domain.run import ReconciliationScope
from packages.invoicing.service.ledger import Ledger

LIMIT = 10
"""What the durable function allows a tenant."""


class SlowLedger:
    """A ledger that takes no invoice until it is opened."""

    def __init__(self) -> None:
        self.opened = anyio.Event()
        self.waiting: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.books: Ledger | None = None

    def over(self, books: Ledger) -> Ledger:
        self.books = books
        return self

    async def reconcile(self, tenant_id: str, run_id: str, scope: ReconciliationScope) -> list[str]:
        self.waiting[tenant_id] += 1
        self.most[tenant_id] = max(self.most[tenant_id], self.waiting[tenant_id])
        await self.opened.wait()
        self.waiting[tenant_id] -= 1
        assert self.books is not None
        return await self.books.reconcile(tenant_id, run_id, scope)


async def until_waiting(ledger: SlowLedger, **tenants: int) -> None:
    with anyio.fail_after(10):
        while any(ledger.waiting[tenant] < count for tenant, count in tenants.items()):
            await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("more", [1, 5])
async def test_the_eleventh_run_of_a_tenant_waits_and_another_tenants_does_not(
    tmp_path: Path, more: int
) -> None:
    ledger = SlowLedger()
    async with running_hq(tmp_path, manifest=manifest_with(ledger.over)) as hq:
        of_acme = [await hq.accepted(invoiceId=f"inv-{number}") for number in range(LIMIT + more)]
        await until_waiting(ledger, acme=LIMIT)
        of_bolt = await hq.accepted("bob", invoiceId="inv-1")
        await until_waiting(ledger, acme=LIMIT, bolt=1)
        assert await queued(hq, of_acme) == more
        ledger.opened.set()
        await hq.settle()
        assert await queued(hq, of_acme) == 0
        assert {(await hq.status(run_id))["status"] for run_id in of_acme} == {"completed"}
        assert (await hq.status(of_bolt, "bob"))["status"] == "completed"
    assert ledger.most == {"acme": LIMIT, "bolt": 1}


async def queued(hq: HQ, run_ids: list[str]) -> int:
    """How many of the runs have not begun."""
    return [(await hq.status(run_id))["status"] for run_id in run_ids].count("queued")
