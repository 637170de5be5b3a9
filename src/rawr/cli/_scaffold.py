"""`rawr init` and `rawr new`: what the scaffold generates, written to disk."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from rawr.scaffold import (
    OPENAPI_FILE,
    CapabilityName,
    Files,
    ScaffoldError,
    Surface,
    capability_files,
    hq_files,
    register_capability,
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
        _write(target, files)
    click.echo(f"HQ {name} is in {target}")
    click.echo(f"  rawr new capability NAME {target}")
    click.echo(f"  rawr dev {target}")


def new_capability(name: str, root: Path, surfaces: frozenset[Surface]) -> None:
    """Write a capability and register it in the manifest; repeating that changes nothing.

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
        after = register_capability(before, parsed, surfaces)
        files = capability_files(parsed, surfaces)
        _refuse_other_files(root, files)
        _write(root, {**_missing(root, _shared_files()), **_missing(root, files)})
        if after != before:
            manifest.write_text(after, encoding="utf-8")
        if Surface.WEB in surfaces:
            _make_contract(root, parsed)
    for line in _written(parsed, surfaces):
        click.echo(line)
    click.echo(f"  rawr openapi {root} -o {root / OPENAPI_FILE}  updates what is published")


def _make_contract(root: Path, name: CapabilityName) -> None:
    """Have `rawr typescript` make what a new web plugin is typed by.

    A process of its own imports the manifest as it is now, whatever this one has imported.
    """
    file = Path("plugins", "web", name.snake, "src", "hq.ts")
    if (root / file).exists():
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


def _written(name: CapabilityName, surfaces: frozenset[Surface]) -> Iterator[str]:
    folder, path = name.snake, name.kebab
    yield f"capability {folder} is in {_MANIFEST}, and in"
    yield f"  packages/{folder}/"
    if Surface.API in surfaces:
        yield f"  plugins/api/{folder}/  serves /api/orpc/{path}/items"
    if Surface.WORKFLOW in surfaces:
        yield f"  plugins/workflows/{folder}/  serves /api/workflows/{path}/imports/trigger"
    if Surface.WEB in surfaces:
        yield f"  plugins/web/{folder}/  serves /rawr/plugins/web/{folder}/ after rawr web build"
    yield f"  tests/{folder}/"


def _shared_files() -> Files:
    return {path: text for path, text in hq_files("hq").items() if path.startswith(_SHARED)}


def _missing(root: Path, files: Files) -> Files:
    return {path: text for path, text in files.items() if not (root / path).exists()}


def _refuse_other_files(root: Path, files: Files) -> None:
    in_the_way = [
        path
        for path, text in files.items()
        if (root / path).exists() and (root / path).read_bytes() != text.encode()
    ]
    if in_the_way:
        more = len(in_the_way) - _SHOWN
        shown = ", ".join(in_the_way[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        raise ScaffoldError(
            f"these files hold something else already: {shown}; choose another name, or remove "
            "them. Nothing was written"
        )


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
