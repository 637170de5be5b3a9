"""The media types of a body compared."""

from collections.abc import Iterator, Mapping
from typing import Any

from ._effects import Difference, Effect
from ._schemas import SchemaComparison


def compare_content(
    old: Mapping[str, Any], new: Mapping[str, Any], where: str, schemas: SchemaComparison
) -> Iterator[tuple[str, Difference]]:
    """What differs between two contents, one schema for each media type."""
    before, after = old.get("content", {}), new.get("content", {})
    several = len(before) > 1 or len(after) > 1
    for media_type in before:
        if media_type not in after:
            yield (
                where,
                Difference(
                    kind="media-type-removed",
                    effect=Effect.NARROWS,
                    reason=f"{media_type} is no longer one of its media types",
                ),
            )
            continue
        at = f"{where} ({media_type})" if several else where
        for item in schemas.compare(
            before[media_type].get("schema", {}), after[media_type].get("schema", {})
        ):
            yield at, item
    for media_type in after:
        if media_type not in before:
            yield (
                where,
                Difference(
                    kind="media-type-added",
                    effect=Effect.WIDENS,
                    reason=f"{media_type} is a new media type of it",
                ),
            )
