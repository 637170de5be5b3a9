"""What the HQ runs on: Python, SQLite, the installed dependencies."""

import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Final, TypeAlias

from ._report import Finding, mend, note, ok

_DISTRIBUTION: Final = "rawr-hq"
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)(\[[^]]*\])?\s*([^;]*)(;.*)?")
_BOUND: Final = re.compile(r"(==|>=)\s*([0-9][0-9.]*)")

_Version: TypeAlias = tuple[int, ...]
Installed: TypeAlias = Callable[[str], str | None]
"""The installed version of a distribution; None if there is none."""

_STRICT_TABLES: Final = (3, 37)
_WAL_RESET: Final = ((3, 7), (3, 51, 2))
"""The first and the last release in which two connections that reset the log can corrupt it."""


def check_machine() -> Iterator[Finding]:
    """Check everything that is the same for each HQ of this machine."""
    try:
        distribution = metadata.distribution(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        message = f"{_DISTRIBUTION} is not installed in {sys.prefix}"
        yield mend("installation", message, f"{sys.executable} -m pip install {_DISTRIBUTION}")
        return
    yield check_python(distribution.metadata["Requires-Python"], platform.python_version())
    yield check_sqlite(_sqlite_version())
    yield from check_dependencies(distribution.requires or [], _installed)


def check_python(required: str, version: str) -> Finding:
    """Whether this Python is one the product runs on."""
    if _fits(version, required):
        return ok("python", f"{platform.python_implementation()} {version}")
    return mend("python", f"Python {version} is not {required}", f"use a Python {required}")


def check_sqlite(version: str) -> Finding:
    """Whether this SQLite can hold the tables, and what to mind with it."""
    number = _number(version)
    if number < _STRICT_TABLES:
        return mend(
            "sqlite",
            f"SQLite {version} knows no STRICT tables",
            "use a Python that brings SQLite 3.37 or later",
        )
    if _WAL_RESET[0] <= number <= _WAL_RESET[1]:
        return note(
            "sqlite",
            f"SQLite {version} is safe as a host uses it, with one connection that writes and "
            "checkpoints; releases up to 3.51.2 can corrupt a log that two connections reset at "
            "once, so let no other tool write to the data folder while a host runs",
        )
    return ok("sqlite", f"SQLite {version}")


def check_dependencies(requirements: list[str], installed: Installed) -> Iterator[Finding]:
    """Whether what is installed is what the product was made for; `inngest` exactly."""
    wrong = [found for text in requirements if (found := _wrong(text, installed)) is not None]
    yield from wrong
    if not wrong:
        yield ok("dependencies", f"all {len(requirements)} as required")


def _wrong(requirement: str, installed: Installed) -> Finding | None:
    match = _REQUIREMENT.fullmatch(requirement)
    if match is None or "extra ==" in requirement:
        return None
    name, wanted, marker = match[1], match[3].strip(), match[4]
    version = installed(name)
    if version is None and marker is not None:  # not needed on every platform
        return None
    if version is not None and _fits(version, wanted):
        return None
    state = "is not installed" if version is None else f"is {version}"
    return mend(
        "dependencies",
        f"{name} {state}, and {wanted or 'some version'} is needed",
        f"pip install '{name}{wanted}'",
    )


def _fits(version: str, wanted: str) -> bool:
    bounds = [(kind, _number(text)) for kind, text in _BOUND.findall(wanted)]
    number = _number(version)
    return all(number == bound if kind == "==" else number >= bound for kind, bound in bounds)


def _number(version: str) -> _Version:
    """The numbers of a version, without zeros at the end: 4.10 is 4.10.0."""
    found = re.match(r"[0-9]+(\.[0-9]+)*", version)
    parts = [int(part) for part in found[0].split(".")] if found else []
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _sqlite_version() -> str:
    """What the driver is linked with; a file of its own is opened to ask it."""
    from rawr.sqlite import connect  # not with the module: an examination must begin to end

    with tempfile.TemporaryDirectory() as folder:
        connection = connect(Path(folder) / "version.db", read_only=False)
        try:
            (version,) = connection.execute("SELECT sqlite_version()").fetchone()
        finally:
            connection.close()
    return str(version)
