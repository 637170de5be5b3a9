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
