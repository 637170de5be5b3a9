"""Fixtures every test may use."""

import pytest
from hypothesis import settings

# How long an example takes depends on the machine; nothing here is about time.
settings.register_profile("rawr", deadline=None)
settings.load_profile("rawr")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The product runs on asyncio (uvicorn, the inngest SDK), so the tests do."""
    return "asyncio"
