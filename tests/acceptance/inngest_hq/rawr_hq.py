"""The reference HQ with books that a test opens, closes and keeps waiting, by a file."""

import os
import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Final

import anyio

HQ: Final = Path(__file__).parents[3] / "hq"
sys.path.append(str(HQ))

from packages.invoicing.client import InvoicingPorts  # noqa: E402 - found on the path set above
from packages.invoicing.domain.run import ReconciliationScope  # noqa: E402 - as above
from packages.invoicing.service.ledger import Ledger  # noqa: E402 - as above
from rawr.composition import HostPorts, compose_capabilities  # noqa: E402 - after the path

BOOKS: Final = "TEST_BOOKS"
"""Names the file: `closed` fails every reconciliation, `slow` keeps it waiting."""


class Books:
    """A ledger that does as the file says."""

    def __init__(self, ledger: Ledger, control: Path) -> None:
        self._ledger = ledger
        self._control = control

    async def reconcile(self, tenant_id: str, run_id: str, scope: ReconciliationScope) -> list[str]:
        while (said := self._control.read_text()) == "slow":  # noqa: ASYNC110 - a file wakes nobody
            await anyio.sleep(0.01)
        if said == "closed":
            raise ConnectionError("the books are closed")
        return await self._ledger.reconcile(tenant_id, run_id, scope)


def _reference() -> object:
    spec = spec_from_file_location("reference_hq", HQ / "rawr_hq.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.invoicing_capability


capability = _reference()


def provide(ports: HostPorts) -> InvoicingPorts:
    """The package on those books."""
    deps = capability.provide(ports).deps
    books = Books(deps.ledger, Path(os.environ[BOOKS]))
    return InvoicingPorts(replace(deps, ledger=books))


manifest = compose_capabilities([replace(capability, provide=provide)])
