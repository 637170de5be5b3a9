"""The volume that holds the data: whether SQLite can trust it, and whether it has room."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ._report import Finding, mend, note, ok

_CHECK: Final = "volume"
_MOUNTS: Final = Path("/proc/self/mounts")
_REMOTE: Final = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "fuse.s3fs", "ceph")
_MIB: Final = 1 << 20
_SCARCE_BYTES: Final = 1024 * _MIB
_TOO_FEW_BYTES: Final = 64 * _MIB


def check_volume(data_dir: Path) -> Finding:
    """Judge the volume of a data folder, or of the nearest folder that exists."""
    folder = next(path for path in (data_dir, *data_dir.parents) if path.is_dir())
    return judge_volume(folder, _file_system(folder, _mounts()), shutil.disk_usage(folder).free)


def judge_volume(folder: Path, file_system: str, free_bytes: int) -> Finding:
    """Whether a file system of this kind, with this much room, can hold the data."""
    if file_system in _REMOTE:
        return mend(
            _CHECK,
            f"{folder} is on a network file system ({file_system}), where the locks and the shared "
            "memory of SQLite do not hold",
            "set RAWR_DATA_DIR to a folder of a local disk",
        )
    free = f"{free_bytes // _MIB:,} MiB free"
    if free_bytes < _TOO_FEW_BYTES:
        return mend(_CHECK, free, "make room: without it nothing more is accepted")
    if free_bytes < _SCARCE_BYTES:
        return note(_CHECK, f"{free}; events and runs are kept for 30 days, so mind the room")
    return ok(_CHECK, free)


def _file_system(folder: Path, mounts: Iterable[tuple[str, str]]) -> str:
    """The kind of the innermost mount above a folder; empty where that cannot be known."""
    real = folder.resolve()
    above = [(len(point), kind) for point, kind in mounts if real.is_relative_to(point)]
    return max(above, default=(0, ""))[1]


def _mounts() -> Iterator[tuple[str, str]]:
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _device, point, kind, *_options = line.split(" ")
        yield os.fsdecode(point.encode().decode("unicode_escape")), kind
