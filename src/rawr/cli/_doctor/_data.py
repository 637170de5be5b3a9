"""Where an HQ keeps its data: the folder, who owns it, and the port of that owner."""

import os
from pathlib import Path
from typing import Final

from rawr.sqlite import DataDirectory, DirectoryLocked, StorageError

from ._report import Finding, mend, ok
from ._setup import Setup, check_port
from ._stored import check_stored
from ._volume import check_volume

_OTHERS: Final = 0o077
"""Permissions of everybody but the owner."""
_LOCK: Final = "lock"


async def check_data(setup: Setup, *, now_ms: int) -> list[Finding]:
    """Check what an HQ has stored, and its port; without settings nobody knows where."""
    settings = setup.settings
    if settings is None:
        return []
    data_dir = settings.data_dir
    if not data_dir.exists():
        parent = [_check_parent(data_dir), check_volume(data_dir)]
        return [*parent, check_port(settings, None)]
    folder, volume = _check_folder(data_dir), check_volume(data_dir)
    owner, lock = _find_owner(data_dir)
    has_engine = settings.engine == "embedded"
    stored = await check_stored(data_dir, setup.manifest, has_engine=has_engine, now_ms=now_ms)
    return [folder, volume, lock, check_port(settings, owner), *stored]


def _check_parent(data_dir: Path) -> Finding:
    parent = next(folder for folder in data_dir.parents if folder.exists())
    if os.access(parent, os.W_OK | os.X_OK):
        return ok("data folder", f"{data_dir} is made at the first start")
    return mend(
        "data folder",
        f"{data_dir} is not there, and {parent} cannot be written to",
        "make it, or set RAWR_DATA_DIR to another one",
    )


def _check_folder(data_dir: Path) -> Finding:
    if not data_dir.is_dir() or not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        return mend(
            "data folder",
            f"{data_dir} is no folder that this user can read and write",
            "give it to the user the HQ runs as, or set RAWR_DATA_DIR to another one",
        )
    mode = data_dir.stat().st_mode & 0o777
    if mode & _OTHERS:
        return mend(
            "data folder",
            f"{data_dir} is open to other users (mode {mode:04o}), and it holds a token",
            f"chmod 700 {data_dir}",
        )
    return ok("data folder", f"{data_dir} is its owner's alone")


def _find_owner(data_dir: Path) -> tuple[str | None, Finding]:
    if not (data_dir / _LOCK).exists():
        return None, ok("lock", "no host runs on this data")
    try:
        DataDirectory.lock(data_dir).release()
    except DirectoryLocked as error:
        owner = f"process {error.pid}" if error.pid is not None else "another process"
        return owner, ok("lock", f"{owner} runs on this data")
    except StorageError as error:
        return None, mend("lock", str(error), "give the folder to the user the HQ runs as")
    return None, ok("lock", "no host runs on this data")
