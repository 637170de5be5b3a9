"""Every cell can fail: hosts with a guard taken away, and sources that break the rules."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.boundary import suite
from tests.acceptance.boundary.metadata import MetadataImportBoundary, Sources
from tests.acceptance.boundary.mutants import MUTANTS
from tests.acceptance.boundary.suite import KEYS, SUITES
from tests.acceptance.boundary.suites import open_suite, sources_of
from tests.acceptance.boundary.world import World, running_world
from tests.acceptance.hq import ROOT
from tests.unit.composition.kit import capability

pytestmark = pytest.mark.acceptance

RUNNING = [name for name in SUITES if name != MetadataImportBoundary.id]


@pytest.fixture
def unguarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> Iterator[World]:
    """An HQ, and a process, in which the guard of a key is gone."""
    with running_world(tmp_path / "world", key) as world:
        MUTANTS[key](monkeypatch)
        yield world


@pytest.mark.parametrize("key", KEYS)
async def test_every_caller_notices_a_guard_that_is_gone(
    unguarded: World, tmp_path: Path, key: str
) -> None:
    unnoticed = []
    for name in RUNNING:
        async with open_suite(name, unguarded, tmp_path) as caller:
            try:
                await caller.probe(key)
            except AssertionError:
                continue
            unnoticed.append(name)
    assert unnoticed == []


Change = Callable[[Sources], Sources]


def writing(file: str, text: str) -> Change:
    """The HQ with something more in one of its files."""

    def change(sources: Sources) -> Sources:
        path = sources.hq_dir / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as opened:
            opened.write(text)
        return sources

    return change


def importing(importer: str, imported: str) -> Change:
    """The product with one more import."""

    def change(sources: Sources) -> Sources:
        sources.graph.add_import(importer=importer, imported=imported)
        return sources

    return change


def with_capability_named(name: str) -> Change:
    """The HQ with one more capability."""

    def change(sources: Sources) -> Sources:
        named = replace(capability(), name=name)
        return replace(sources, manifest=replace(sources.manifest, capabilities=(named,)))

    return change


API = "plugins/api/invoicing/operations/processing.py"
PACKAGE = "packages/invoicing/service/runs.py"
FUNCTION = "plugins/workflows/invoicing/functions/reconcile.py"
OFFENCES = [
    (suite.INGRESS_FROM_CALLERS, writing(API, '\nCALL = "/api/inngest"\n')),
    (suite.INGRESS_FROM_CALLERS, writing("plugins/web/invoicing/index.ts", 'go("/api/inngest");')),
    (suite.SPOOFED_INGRESS, writing(API, '\nWHO = "x-caller-surface"\n')),
    (suite.SPOOFED_INGRESS, writing(API, '\nWHO = b"X-Orpc-Caller-Surface"\n')),
    (suite.RPC_FROM_EXTERNALS, writing("sdk/hq.py", "from rawr.client import RPCLink\n")),
    (suite.RPC_FROM_RUNTIME, writing(FUNCTION, "\nfrom rawr.client import RPCLink\n")),
    (suite.RPC_FROM_RUNTIME, writing(FUNCTION, "\nimport httpx\n")),
    (suite.RPC_FROM_RUNTIME, importing("rawr.durable.engine.engine", "rawr.client._rpc")),
    (suite.RPC_WORKFLOWS, writing("rawr_hq.py", '\nPATH = "/rpc/workflows"\n')),
    (suite.RPC_WORKFLOWS, with_capability_named("workflows")),
    (suite.NO_CALLER_SEMANTICS, importing("rawr.durable.ingress._app", "rawr.contract._errors")),
    (suite.NO_CALLER_SEMANTICS, importing("rawr.durable.ingress._gate", "rawr.http")),
    (suite.NO_SELF_CALL, writing(PACKAGE, '\nHQ = "http://localhost:3000/rpc"\n')),
    (suite.NO_SELF_CALL, writing(API, "\nimport httpx2\n")),
]


@pytest.mark.parametrize(("key", "offend"), OFFENCES)
async def test_sources_that_break_the_rules_are_noticed(
    tmp_path: Path, key: str, offend: Change
) -> None:
    hq_dir = tmp_path / "hq"
    unwritten = shutil.ignore_patterns(".rawr", "__pycache__", "node_modules")
    shutil.copytree(ROOT / "hq", hq_dir, ignore=unwritten)
    sources = sources_of(hq_dir)
    await MetadataImportBoundary(sources).probe(key)
    with pytest.raises(AssertionError):
        await MetadataImportBoundary(offend(sources)).probe(key)


def test_every_key_has_an_offence() -> None:
    assert {key for key, _ in OFFENCES} == {*KEYS}
