"""Which trigger patterns an event name matches."""

from collections.abc import Iterator

_BOUNDARIES = "/."


def patterns_for(name: str) -> Iterator[str]:
    """Yield every trigger pattern that matches an event name: itself, then its wildcards.

    A wildcard is a trailing `*` right after `/` or `.`; a lone `*` matches nothing.

    >>> list(patterns_for("app/user.created"))
    ['app/user.created', 'app/*', 'app/user.*']
    """
    yield name
    for position, character in enumerate(name):
        if character in _BOUNDARIES:
            yield f"{name[: position + 1]}*"


def is_wildcard(pattern: str) -> bool:
    """True when a trigger pattern stands for more than one event name."""
    return len(pattern) > 1 and pattern[-1] == "*" and pattern[-2] in _BOUNDARIES
