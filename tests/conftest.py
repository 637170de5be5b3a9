"""Fixtures every test may use."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The product runs on asyncio (uvicorn, the inngest SDK), so the tests do."""
    return "asyncio"
