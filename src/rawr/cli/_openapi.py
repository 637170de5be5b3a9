"""`rawr openapi`: the published document, and what has changed since it was committed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import click

from rawr.host import load_manifest, openapi_document
from rawr.openapi import Change, compare_openapi

Format: TypeAlias = Literal["text", "json"]
FailOn: TypeAlias = Literal["drift", "breaking"]

_REPORT_FORMAT: Final = 1
_CHANGED: Final = 1
_UNUSABLE: Final = 2


class DocumentUnusable(click.ClickException):
    """There is no document to compare with; the exit code is 2."""

    exit_code = _UNUSABLE


def print_document(hq_dir: Path) -> None:
    """Print the published document of an HQ."""
    click.echo(published_text(hq_dir), nl=False)


def write_document(hq_dir: Path, output: Path) -> None:
    """Write the published document of an HQ.

    Raises:
        ClickException: The file cannot be written.
    """
    text = published_text(hq_dir)
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}") from error
    click.echo(f"{output}: {_counted(_operations(json.loads(text)), 'operation')}")


def check_document(
    hq_dir: Path, committed: Path, *, output_format: Format, fail_on: FailOn
) -> None:
    """Compare the published document of an HQ with a committed one and print what changed.

    Raises:
        DocumentUnusable: The committed document is missing or is none.
        Exit: They differ, or with `breaking` they differ in a way that breaks callers; the exit
            code is 1.
    """
    old, new = _read(committed, hq_dir), openapi_document(load_manifest(hq_dir))
    changes = compare_openapi(old, new)
    if output_format == "json":
        click.echo(_as_json(committed, changes))
    else:
        click.echo("\n".join(_as_text(committed, hq_dir, new, changes)))
    if any(change.is_breaking or fail_on == "drift" for change in changes):
        raise click.exceptions.Exit(_CHANGED)


def published_text(hq_dir: Path) -> str:
    """The published document as it is written to a file."""
    document = openapi_document(load_manifest(hq_dir))
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _read(committed: Path, hq_dir: Path) -> dict[str, Any]:
    try:
        document = json.loads(committed.read_text(encoding="utf-8"))
    except OSError as error:
        raise DocumentUnusable(
            f"cannot read {committed}: {error.strerror}; write it: {_command(hq_dir, committed)}"
        ) from error
    except ValueError as error:
        raise DocumentUnusable(
            f"{committed} is no JSON ({error}); give the document of the HQ, or write it anew: "
            f"{_command(hq_dir, committed)}"
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise DocumentUnusable(
            f"{committed} is no OpenAPI document; give the one of the HQ, or write it anew: "
            f"{_command(hq_dir, committed)}"
        )
    return document


def _as_json(committed: Path, changes: Sequence[Change]) -> str:
    report = {
        "format": _REPORT_FORMAT,
        "document": str(committed),
        "current": not changes,
        "breaking": [_fields(change) for change in changes if change.is_breaking],
        "compatible": [_fields(change) for change in changes if not change.is_breaking],
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def _fields(change: Change) -> dict[str, Any]:
    return {key: value for key, value in asdict(change).items() if key != "is_breaking"}


def _as_text(
    committed: Path, hq_dir: Path, new: dict[str, Any], changes: Sequence[Change]
) -> Iterator[str]:
    if not changes:
        yield f"{committed} is up to date: {_counted(_operations(new), 'operation')}"
        return
    breaking = [change for change in changes if change.is_breaking]
    others = [change for change in changes if not change.is_breaking]
    yield (
        f"{committed} is out of date: {_counted(len(breaking), 'breaking change')}, "
        f"{_counted(len(others), 'compatible one')}"
    )
    for title, listed in (("breaking", breaking), ("compatible", others)):
        if listed:
            yield f"{title}:"
            yield from (f"  {change}" for change in listed)
    yield f"if that is meant: {_command(hq_dir, committed)}"


def _command(hq_dir: Path, committed: Path) -> str:
    return f"rawr openapi {hq_dir} -o {committed}"


def _operations(document: dict[str, Any]) -> int:
    return sum(len(item) for item in document["paths"].values())


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
