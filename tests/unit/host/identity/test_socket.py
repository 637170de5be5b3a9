"""Commands over the socket: for the owner of the folder, bounded, and never fatal to the host."""

import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import anyio.to_thread
import msgspec
import pytest

from rawr.host.identity import (
    MIGRATIONS,
    Administration,
    HostBusy,
    IdentityError,
    ListTokens,
    Reply,
    RevokeToken,
    TokenRegistry,
    UserRegistry,
    serve_administration,
)
from rawr.host.identity._socket import SOCKET_NAME, send_command
from rawr.server import unix_address
from rawr.sqlite import Database
from rawr.testing.clock import VirtualClock


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    """A folder whose host takes commands; its path is longer than a socket address may be."""
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    clock = VirtualClock()
    async with await Database.open(deep / "hq.db", migrations=[MIGRATIONS]) as database:
        administration = Administration(
            tokens=await TokenRegistry.load(database, clock.now_ms),
            users=await UserRegistry.load(database, clock.now_ms),
            now_ms=clock.now_ms,
            new_id=lambda: "id",
        )
        (deep / SOCKET_NAME).touch()  # as a killed host leaves it
        async with serve_administration(deep, administration):
            yield deep


async def sent(folder: Path, line: bytes) -> bytes:
    """What the host answers to a line."""

    def talk() -> bytes:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(5)
            with unix_address(folder / SOCKET_NAME) as address:
                peer.connect(address)
            with suppress(BrokenPipeError, ConnectionResetError):
                peer.sendall(line)
                with peer.makefile("rb") as answer:
                    return answer.readline()
            return b""

    return await anyio.to_thread.run_sync(talk)


async def command(folder: Path, value: ListTokens | RevokeToken) -> object:
    return await anyio.to_thread.run_sync(lambda: send_command(folder, value, pid=7))


async def test_a_command_is_executed(folder: Path) -> None:
    assert await command(folder, ListTokens()) == Reply()


async def test_a_refusal_is_raised_at_the_other_end(folder: Path) -> None:
    with pytest.raises(IdentityError, match="no token nope"):
        await command(folder, RevokeToken(token_id="nope"))


async def test_the_socket_is_the_owners_and_goes_with_the_host(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with await Database.open(tmp_path / "hq.db", migrations=[MIGRATIONS]) as database:
        administration = Administration(
            tokens=await TokenRegistry.load(database, clock.now_ms),
            users=await UserRegistry.load(database, clock.now_ms),
            now_ms=clock.now_ms,
            new_id=lambda: "id",
        )
        async with serve_administration(tmp_path, administration):
            assert (tmp_path / SOCKET_NAME).stat().st_mode & 0o777 == 0o600
        assert not (tmp_path / SOCKET_NAME).exists()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b"nonsense\n",
        b"\xff\xfe\n",
        b'{"type":"drop-tables"}\n',
        b'{"type":"list-tokens","extra":1}\n',
        b'{"type":"revoke-token"}\n',
    ],
)
async def test_an_unknown_command_is_answered_and_the_host_goes_on(
    folder: Path, line: bytes
) -> None:
    reply = msgspec.json.decode(await sent(folder, line))
    assert "does not know the command" in reply["error"]
    await command(folder, ListTokens())


async def test_a_line_without_end_is_cut_off(folder: Path) -> None:
    assert await sent(folder, b"x" * 200_000) == b""
    await command(folder, ListTokens())


async def test_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rawr.host.identity import _socket

    monkeypatch.setattr(_socket, "_peer", lambda _writer: 4711)
    with pytest.raises(IdentityError, match="only the owner"):
        await command(folder, ListTokens())


async def test_a_folder_nobody_serves_says_so(tmp_path: Path) -> None:
    with pytest.raises(HostBusy, match="process 7"):
        await command(tmp_path, ListTokens())
