"""Exclusive ownership of a data directory: exactly one process writes to its databases."""

import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from rawr.sqlite._errors import DirectoryLocked, StorageUnavailable

_LOCK_FILE = "lock"


class DataDirectory:
    """A data directory this process owns until `release()`, or until it dies.

    ```python
    with DataDirectory.lock(Path(".rawr")) as directory:
        database = await Database.open(directory.path / "hq.db", migrations=[...])
    ```
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def lock(cls, path: Path) -> "DataDirectory":
        """Create `path` if needed (mode 0700) and own it.

        Raises:
            DirectoryLocked: a live process (this one included) owns it already.
            StorageUnavailable: it cannot be created or written to.
        """
        lock_file = path / _LOCK_FILE
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageUnavailable(
                f"{path} cannot be used as a data directory: {error.strerror}; create it or choose "
                "another one"
            ) from error
        try:
            _acquire(descriptor, path)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(path, descriptor)

    def release(self) -> None:
        """Give the directory up; a second call does nothing."""
        if self._descriptor is not None:
            # Emptied, not unlinked: a waiting process could otherwise lock the unlinked file.
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def _acquire(descriptor: int, path: Path) -> None:
    try:
        # flock, not lockf: it is dropped when the process dies, and not when some other handle of
        # the same file is closed.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            raise DirectoryLocked(path, _owner(descriptor)) from error
        raise StorageUnavailable(
            f"{path} cannot be locked: {error.strerror}; put it on a local file system"
        ) from error


def _owner(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() else None
