"""One running HQ for all boundary suites."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.acceptance.boundary.callers import Callers, callers_of
from tests.acceptance.boundary.world import World, running_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The reference HQ in production, as `rawr serve` runs it."""
    with running_world(tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture
async def callers(world: World) -> AsyncIterator[Callers]:
    """Everybody who calls it."""
    async with callers_of(world) as connected:
        yield connected
