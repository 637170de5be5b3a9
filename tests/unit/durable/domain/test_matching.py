"""Trigger patterns."""

import pytest

from rawr.durable.domain.matching import patterns_for


@pytest.mark.parametrize(
    ("name", "patterns"),
    [
        ("api/v1/users", ["api/v1/users", "api/*", "api/v1/*"]),
        ("app/user.created", ["app/user.created", "app/*", "app/user.*"]),
        ("plain", ["plain"]),
        ("", [""]),
    ],
)
def test_an_event_name_matches_itself_and_its_trailing_wildcards(
    name: str, patterns: list[str]
) -> None:
    assert list(patterns_for(name)) == patterns


def test_a_lone_star_matches_nothing() -> None:
    assert "*" not in list(patterns_for("app/user"))
