import errno
import fcntl
import os
import signal
import subprocess
import sys

import pytest

from rawr.sqlite import DataDirectory, DirectoryLocked, StorageUnavailable

_OWNER = """
import sys, time
from pathlib import Path
from rawr.sqlite import DataDirectory
with DataDirectory.lock(Path(sys.argv[1])):
    print("owned", flush=True)
    time.sleep(60)
"""


def test_locking_creates_a_private_directory(tmp_path):
    with DataDirectory.lock(tmp_path / "hq" / "data") as directory:
        assert directory.path.stat().st_mode & 0o777 == 0o700


def test_a_second_owner_is_refused_with_path_and_pid(tmp_path):
    with DataDirectory.lock(tmp_path):
        with pytest.raises(DirectoryLocked) as caught:
            DataDirectory.lock(tmp_path)
        assert caught.value.path == tmp_path
        assert caught.value.pid == os.getpid()
        assert str(tmp_path) in str(caught.value)
        assert f"process {os.getpid()}" in str(caught.value)


def test_a_released_directory_can_be_owned_again(tmp_path):
    first = DataDirectory.lock(tmp_path)
    first.release()
    first.release()
    DataDirectory.lock(tmp_path).release()


def test_an_owner_that_wrote_no_pid_yet_is_still_refused(tmp_path):
    with DataDirectory.lock(tmp_path):
        (tmp_path / "lock").write_text("")
        with pytest.raises(DirectoryLocked, match="another process") as caught:
            DataDirectory.lock(tmp_path)
        assert caught.value.pid is None


@pytest.mark.acceptance
def test_a_killed_owner_frees_the_directory(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "owned\n"
        with pytest.raises(DirectoryLocked) as caught:
            DataDirectory.lock(tmp_path)
        assert caught.value.pid == owner.pid
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    DataDirectory.lock(tmp_path).release()


def test_a_path_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable, match="cannot be used as a data directory"):
        DataDirectory.lock(tmp_path / "file")


def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch):
    def no_locks(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(StorageUnavailable, match="local file system"):
        DataDirectory.lock(tmp_path)


def test_another_name_of_the_directory_is_the_same_directory(tmp_path):
    (tmp_path / "alias").symlink_to(tmp_path / "data")
    with DataDirectory.lock(tmp_path / "data"), pytest.raises(DirectoryLocked):
        DataDirectory.lock(tmp_path / "alias")
