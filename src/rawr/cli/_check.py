"""`rawr check`: the rules of the architecture, and the exit code that follows from them."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal, TypeAlias

import click

from rawr.policy import (
    ManifestFacts,
    Report,
    UnknownRule,
    UnreadableTree,
    check_tree,
    to_json,
    to_sarif,
    to_text,
)

Format: TypeAlias = Literal["text", "json", "sarif"]

_VIOLATED: Final = 1


def run_check(
    root: Path, *, output_format: Format, rules: Sequence[str], with_manifest: bool
) -> None:
    """Check an HQ and print the report.

    Raises:
        Exit: A rule is violated; the exit code is 1.
        UsageError: The HQ cannot be checked; the exit code is 2.
    """
    try:
        report = check_tree(root, rules=rules, load_manifest=_load_facts if with_manifest else None)
    except (UnknownRule, UnreadableTree) as error:
        raise click.UsageError(str(error)) from error
    click.echo(_written(report, output_format))
    if not report.is_clean:
        raise click.exceptions.Exit(_VIOLATED)


def _load_facts(root: Path) -> ManifestFacts:
    from ._manifest_facts import load_facts  # what it imports is only needed for a manifest

    return load_facts(root)


def _written(report: Report, output_format: Format) -> str:
    if output_format == "json":
        return to_json(report)
    if output_format == "sarif":
        return to_sarif(report, version=version("rawr-hq"))
    return to_text(report)
