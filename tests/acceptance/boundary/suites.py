"""Opening a suite by its id: its caller, connected to what it calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import grimp

import rawr
import rawr_hq
from tests.acceptance.boundary.callers import callers_of
from tests.acceptance.boundary.in_process import InProcess, in_process
from tests.acceptance.boundary.metadata import MetadataImportBoundary, Sources
from tests.acceptance.boundary.published import ApiBoundary, WorkflowTriggerStatus
from tests.acceptance.boundary.runtime import RuntimeIngress
from tests.acceptance.boundary.suite import Suite
from tests.acceptance.boundary.web import FirstPartyRpc, PublishedOpenApi
from tests.acceptance.boundary.world import World
from tests.acceptance.hq import ROOT

_ON_THE_HOST: Final = {
    suite.id: suite
    for suite in (
        FirstPartyRpc,
        PublishedOpenApi,
        ApiBoundary,
        WorkflowTriggerStatus,
        RuntimeIngress,
    )
}
CLASSES: Final[dict[str, type[Suite]]] = {
    **_ON_THE_HOST,
    InProcess.id: InProcess,
    MetadataImportBoundary.id: MetadataImportBoundary,
}


@asynccontextmanager
async def open_suite(name: str, world: World, folder: Path) -> AsyncIterator[Suite]:
    """A suite, ready to be probed; what it needs beside the running HQ goes into the folder."""
    if name == InProcess.id:
        async with in_process(folder / "in-process") as suite:
            yield suite
    elif name == MetadataImportBoundary.id:
        yield MetadataImportBoundary(sources_of(ROOT / "hq"))
    else:
        async with callers_of(world) as callers:
            yield _ON_THE_HOST[name](world, callers)


def sources_of(hq_dir: Path) -> Sources:
    """The sources of an HQ beside those of the product."""
    graph = grimp.build_graph("rawr", cache_dir=None)
    return Sources(hq_dir, rawr_hq.manifest, graph, Path(rawr.__file__).parent)
