"""`rawr init` and `rawr new`: what the scaffold generates, written to disk."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from rawr.scaffold import (
    BOTH,
    OPENAPI_FILE,
    CapabilityName,
    Files,
    ScaffoldError,
    Surface,
    capability_files,
    hq_files,
    register_capability,
    registered_surfaces,
    web_plugin_files,
)

_MANIFEST: Final = "rawr_hq.py"
_SHARED: Final = ("packages/", "plugins/", "tests/__init__.py", "tests/conftest.py")
"""What capabilities stand on; a hand-made HQ may lack it."""
_SHOWN: Final = 5


def init_hq(name: str, directory: Path | None) -> None:
    """Write a new HQ and say what to do next.

    Raises:
        ClickException: The name cannot be used, or the folder holds something already.
    """
    with _explained():
        target = directory or Path(name)
        files = hq_files(name)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise ScaffoldError(
                f"{target} is not empty; choose another one with --directory, or empty it"
            )
        around = [it for it in target.resolve().parents if (it / _MANIFEST).is_file()]
        if around:
            raise ScaffoldError(
                f"{target} would be inside the HQ in {around[0]}, and an HQ holds no other one; "
                "choose another place with --directory, or add to it: rawr new capability NAME"
            )
        _write(target, files)
    click.echo(f"HQ {name} is in {target}")
    click.echo(f"  rawr new capability NAME {target}")
    click.echo(f"  rawr dev {target}")


def new_capability(name: str, root: Path, asked: frozenset[Surface]) -> None:
    """Write a capability and register it in the manifest; repeating that changes nothing.

    One that is there already is given what it lacks of the surfaces that are asked for.

    Raises:
        ClickException: The name cannot be used, a file of its own is in the way, or the
            manifest cannot be edited. Nothing was written.
    """
    with _explained():
        parsed = CapabilityName.parse(name)
        manifest = root / _MANIFEST
        if not manifest.is_file():
            raise ScaffoldError(
                f"{root} holds no {_MANIFEST}; give the folder of an HQ, or make one: rawr init"
            )
        before = manifest.read_text(encoding="utf-8")
        change = _change(root, parsed, registered_surfaces(before, parsed), asked)
        after = register_capability(before, parsed, change.surfaces)
        _refuse_other_files(root, change)
        _write(root, {**_missing(root, _shared_files()), **_different(root, change.files)})
        if after != before:
            manifest.write_text(after, encoding="utf-8")
        if Surface.WEB in change.surfaces:
            _make_contract(root, parsed, is_outdated=bool(change.added & BOTH))
    for line in _written(change):
        click.echo(line)
    if change.added & BOTH:
        click.echo(f"  rawr openapi {root} -o {root / OPENAPI_FILE}  updates what is published")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What an HQ is to have more."""

    name: CapabilityName
    had: frozenset[Surface] | None
    """The surfaces of the capability as it is; None if it is new."""
    surfaces: frozenset[Surface]
    """Those it is to have."""
    files: Files
    replaceable: Files
    """What those files may hold without being anybody's work: what was generated before."""

    @property
    def added(self) -> frozenset[Surface]:
        """The surfaces it has not had."""
        return self.surfaces - (self.had or frozenset())


def _change(
    root: Path,
    name: CapabilityName,
    had: frozenset[Surface] | None,
    asked: frozenset[Surface],
) -> _Change:
    if had is None:
        surfaces = (asked & BOTH or BOTH) | asked
        files = replaceable = capability_files(name, surfaces)
    elif (asked or BOTH) - had == {Surface.WEB}:
        surfaces = had | asked
        files = replaceable = web_plugin_files(name, _as_generated(root, name, had))
    else:
        surfaces = had | (asked or BOTH)
        files, replaceable = capability_files(name, surfaces), capability_files(name, had)
    return _Change(name=name, had=had, surfaces=surfaces, files=files, replaceable=replaceable)


def _as_generated(
    root: Path, name: CapabilityName, surfaces: frozenset[Surface]
) -> frozenset[Surface]:
    """Those of the surfaces whose contracts are still what was generated."""
    generated = capability_files(name, surfaces)
    contracts = {
        Surface.API: f"plugins/api/{name.snake}/contract.py",
        Surface.WORKFLOW: f"packages/{name.snake}/workflows/contract.py",
    }
    return frozenset(
        surface
        for surface in surfaces & BOTH
        if _text(root / contracts[surface]) == generated[contracts[surface]]
    )


def _make_contract(root: Path, name: CapabilityName, *, is_outdated: bool) -> None:
    """Have `rawr typescript` make what a new web plugin is typed by.

    A process of its own imports the manifest as it is now, whatever this one has imported.
    """
    file = Path("plugins", "web", name.snake, "src", "hq.ts")
    if (root / file).exists() and not is_outdated:
        return
    options = ("typescript", ".", "--capability", name.snake, "--web", "-o", file.as_posix())
    done = subprocess.run(  # noqa: S603 - this Python, with arguments of our own
        [sys.executable, "-c", "from rawr.cli import main; main()", *options],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ScaffoldError(
            f"everything is written but {file}: {done.stderr.strip()}. Mend that, then: "
            f"rawr {' '.join(options)}"
        )


def _written(change: _Change) -> Iterator[str]:
    folder, path = change.name.snake, change.name.kebab
    if change.had is not None and not change.added:
        yield f"capability {folder} is in {_MANIFEST} already, and has all of that"
        return
    if change.had is None:
        yield f"capability {folder} is in {_MANIFEST}, and in"
        yield f"  packages/{folder}/"
    else:
        yield f"capability {folder} in {_MANIFEST} has more now"
    if Surface.API in change.added:
        yield f"  plugins/api/{folder}/  serves /api/orpc/{path}/items"
    if Surface.WORKFLOW in change.added:
        yield f"  plugins/workflows/{folder}/  serves /api/workflows/{path}/imports/trigger"
    if Surface.WEB in change.added:
        yield f"  plugins/web/{folder}/  serves /rawr/plugins/web/{folder}/ after rawr web build"
    yield f"  tests/{folder}/"


def _shared_files() -> Files:
    return {path: text for path, text in hq_files("hq").items() if path.startswith(_SHARED)}


def _missing(root: Path, files: Files) -> Files:
    return {path: text for path, text in files.items() if not (root / path).exists()}


def _different(root: Path, files: Files) -> Files:
    return {path: text for path, text in files.items() if _text(root / path) != text}


def _refuse_other_files(root: Path, change: _Change) -> None:
    in_the_way = [
        path
        for path, text in change.files.items()
        if _text(root / path) not in (None, text, change.replaceable.get(path))
    ]
    if in_the_way:
        more = len(in_the_way) - _SHOWN
        shown = ", ".join(in_the_way[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        raise ScaffoldError(
            f"these files hold something else already: {shown}; {_instead(change)}. "
            "Nothing was written"
        )


def _instead(change: _Change) -> str:
    """What to do where files that would be written are somebody's work."""
    if change.had and change.added:
        lacking = " and ".join(f"--{surface}" for surface in sorted(change.added))
        return (
            f"the capability was changed since it was made, so {lacking} cannot be added to it "
            "by this command: make another capability with it, and take over what you need"
        )
    return "choose another name, or remove them"


def _text(file: Path) -> str | None:
    """What a file holds; None if there is none."""
    try:
        return file.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return None


def _write(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ScaffoldError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
