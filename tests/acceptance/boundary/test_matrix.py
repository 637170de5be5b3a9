"""Every caller gets what it is there for, and none of the seven things nobody may get.

The ids say which suite and which key: `test_cell[web:first-party-rpc/reject-...]`.
"""

from pathlib import Path

import pytest

from tests.acceptance.boundary.suite import KEYS, SUITES, Suite
from tests.acceptance.boundary.suites import CLASSES, open_suite
from tests.acceptance.boundary.world import World

pytestmark = pytest.mark.acceptance

CELLS = [pytest.param(suite, key, id=f"{suite}/{key}") for suite in SUITES for key in KEYS]


@pytest.mark.parametrize("name", SUITES)
async def test_control(world: World, tmp_path: Path, name: str) -> None:
    async with open_suite(name, world, tmp_path) as suite:
        await suite.control()


@pytest.mark.parametrize(("name", "key"), CELLS)
async def test_cell(world: World, tmp_path: Path, name: str, key: str) -> None:
    async with open_suite(name, world, tmp_path) as suite:
        await suite.probe(key)
        await suite.control()  # the caller was refused, not everybody


def test_no_cell_is_missing(request: pytest.FixtureRequest) -> None:
    assert {*CLASSES} == {*SUITES}
    for suite in CLASSES.values():
        written = {key for key in KEYS if getattr(suite, key.replace("-", "_")) is not None}
        assert written == {*KEYS}
        assert not suite.__abstractmethods__
    here = [item.name for item in request.session.items if item.fspath == request.node.fspath]
    if len(here) > 1:  # unless this test was asked for alone
        asked = {f"test_cell[{suite}/{key}]" for suite in SUITES for key in KEYS}
        assert asked == {name for name in here if name.startswith("test_cell")}
        assert len(asked) == 49


def test_every_key_is_a_method() -> None:
    methods = {name.replace("_", "-") for name in Suite.__abstractmethods__} - {"control"}
    assert methods == {*KEYS}
