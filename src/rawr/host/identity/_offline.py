"""Commands on a data folder, whether its host runs or not."""

import os
import time
from functools import partial
from pathlib import Path

import anyio.to_thread

from rawr.durable.domain.ulid import UlidFactory
from rawr.sqlite import Database, DataDirectory, DirectoryLocked

from ._access import MIGRATIONS
from ._administration import Administration, Command, Reply
from ._socket import send_command
from ._tokens import TokenRegistry
from ._users import UserRegistry


async def administer(data_dir: Path, database: str, command: Command) -> Reply:
    """Execute a command: through the host if one owns the folder, else on the database itself.

    Raises:
        IdentityError: It cannot be done; the message says why.
        StorageError: The data cannot be opened.
    """
    try:
        directory = DataDirectory.lock(data_dir)
    except DirectoryLocked as locked:
        send = partial(send_command, data_dir, command, pid=locked.pid)
        return await anyio.to_thread.run_sync(send)
    with directory:
        async with await Database.open(data_dir / database, migrations=[MIGRATIONS]) as opened:
            administration = Administration(
                tokens=await TokenRegistry.load(opened, _now_ms),
                users=await UserRegistry.load(opened, _now_ms),
                now_ms=_now_ms,
                new_id=UlidFactory(now_ms=_now_ms, random_bytes=os.urandom),
            )
            return await administration.execute(command, actor=f"uid {os.geteuid()}")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
