"""Fixtures every test may use: this HQ, booted in process on empty data."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rawr.client import ASGITransport
from rawr.host import Host, Settings, boot

from rawr_hq import manifest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """What the HQ runs on."""
    return "asyncio"


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    """The HQ as `rawr dev` boots it: real host, real engine, its own data."""
    settings = Settings(hq_dir=Path(__file__).parents[1], data_dir=tmp_path / "data")
    async with boot(manifest, settings) as host:
        yield host


@pytest.fixture
def developer(host: Host) -> dict[str, str]:
    """The headers of a caller who has every role."""
    token = (host.settings.data_dir / "dev-token").read_text().strip()
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
async def transport(host: Host) -> AsyncIterator[ASGITransport]:
    """Carries the calls of clients to the HQ, without a socket."""
    async with ASGITransport(host.app) as transport:
        yield transport
