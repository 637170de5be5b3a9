import socket
from pathlib import Path

import anyio
import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from rawr.server import listen_unix, serve_beside, unix_address


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


async def ask(path: Path) -> str:
    with unix_address(path) as address:
        transport = httpx2.AsyncHTTPTransport(uds=address)
        async with httpx2.AsyncClient(transport=transport) as client:
            return (await client.get("http://anything/said")).text


async def test_an_app_is_served_while_the_block_runs(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    async with serve_beside(hello, path):
        assert await ask(path) == "/said"
        assert path.stat().st_mode & 0o777 == 0o600
    assert not path.exists()


async def test_two_are_served_in_one_process(tmp_path: Path) -> None:
    async with (
        serve_beside(hello, tmp_path / "a.sock"),
        serve_beside(hello, tmp_path / "b.sock"),
    ):
        assert [await ask(tmp_path / name) for name in ("a.sock", "b.sock")] == ["/said"] * 2


async def test_a_failing_block_ends_it_too(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    with pytest.raises(LookupError):
        async with serve_beside(hello, path):
            raise LookupError
    assert not path.exists()


def test_what_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    listen_unix(path).close()
    with (
        listen_unix(path),
        unix_address(path) as address,
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.connect(address)


async def test_folders_may_lie_deep(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 40)
    await anyio.Path(folder).mkdir()
    async with serve_beside(hello, folder / "a.sock"):
        assert await ask(folder / "a.sock") == "/said"
