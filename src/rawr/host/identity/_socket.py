"""Commands for a running host, over a socket in its data folder.

Exactly one process may write the HQ's databases: the host, while it runs. So an operator's
command goes through it: one line of JSON each way over a Unix socket that belongs to the owner
of the folder, whose user id the kernel vouches for. Nothing of it is reachable over a network.
"""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from rawr.server import listen_unix, unix_address

from ._administration import Administration, Command, Reply
from ._audit import audit
from ._errors import HostBusy, IdentityError

SOCKET_NAME: Final = "admin.sock"
_MAX_LINE_BYTES: Final = 64 * 1024
_TIMEOUT_SECONDS: Final = 10.0
_PEER: Final = struct.Struct("3i")  # pid, uid, gid: the kernel's `struct ucred`
_commands: Final = msgspec.json.Decoder(Command)
_replies: Final = msgspec.json.Decoder(Reply)


@asynccontextmanager
async def serve_administration(
    data_dir: Path, administration: Administration
) -> AsyncIterator[None]:
    """Take commands while the block runs; this process must own the data folder."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, TimeoutError, ValueError):
                async with asyncio.timeout(_TIMEOUT_SECONDS):
                    writer.write(await _answer(administration, reader, _peer(writer)) + b"\n")
                    await writer.drain()
        finally:
            writer.close()

    path = data_dir / SOCKET_NAME
    server = await asyncio.start_unix_server(
        converse, sock=listen_unix(path), limit=_MAX_LINE_BYTES
    )
    try:
        async with server:
            yield
    finally:
        path.unlink(missing_ok=True)


def send_command(data_dir: Path, command: Command, *, pid: int | None) -> Reply:
    """Have the host that owns the data folder (process `pid`) execute a command.

    Raises:
        HostBusy: It does not answer.
        IdentityError: It refused; the message says why.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(_TIMEOUT_SECONDS)
            with unix_address(data_dir / SOCKET_NAME) as address:
                peer.connect(address)
            peer.sendall(msgspec.json.encode(command) + b"\n")
            with peer.makefile("rb") as answer:
                reply = _replies.decode(answer.readline())
    except (OSError, msgspec.DecodeError) as error:
        raise HostBusy(
            f"{data_dir} is in use by process {pid or '?'}, which takes no commands now "
            f"({error}); it may be starting or ending: try again, or stop it"
        ) from error
    if reply.error is not None:
        raise IdentityError(reply.error)
    return reply


async def _answer(
    administration: Administration, reader: asyncio.StreamReader, peer: int | None
) -> bytes:
    line = await reader.readline()
    if peer not in (os.geteuid(), 0):
        audit("administration.refused", uid=peer)
        return msgspec.json.encode(Reply(error="only the owner of the data folder may do this"))
    try:
        command = _commands.decode(line)
        reply = await administration.execute(command, actor=f"uid {peer}")
    except msgspec.DecodeError as error:
        reply = Reply(error=f"this host does not know the command ({error}); use its own `rawr`")
    except IdentityError as error:
        reply = Reply(error=str(error))
    return msgspec.json.encode(reply)


def _peer(writer: asyncio.StreamWriter) -> int | None:
    """The user at the other end, as the kernel knows it."""
    connection: socket.socket = writer.get_extra_info("socket")
    _pid, uid, _gid = _PEER.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    )
    return int(uid)
