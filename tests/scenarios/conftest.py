"""The HQ most scenarios need."""

import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.scenarios.kit import HQ, running_hq


@pytest.fixture(autouse=True, scope="session")
def without_certificates() -> Iterator[None]:
    """Leave the CA bundles unread: nothing here speaks TLS, and they are most of a boot's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
        yield


@pytest.fixture
async def hq(tmp_path: Path) -> AsyncIterator[HQ]:
    """The reference HQ, booted on empty data."""
    async with running_hq(tmp_path / "data") as running:
        yield running
