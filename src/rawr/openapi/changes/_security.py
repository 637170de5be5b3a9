"""What callers must prove compared: alternatives, each of schemes with scopes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from ._effects import Finding

Alternative: TypeAlias = Mapping[str, Sequence[str]]

_ASIDE: Final = {"description": None, "bearerFormat": None}
"""What of a scheme is said to readers only."""


def compare_security(
    old: Sequence[Alternative] | None, new: Sequence[Alternative] | None
) -> Iterator[Finding]:
    """What of the proof that an operation asks for has changed.

    It breaks callers if a proof that was enough is not any more.
    """
    before, after = list(old or [{}]), list(new or [{}])
    if before == after:
        return
    refused = [one for one in before if not any(_is_enough(one, other) for other in after)]
    if refused:
        reason = f"{_shown(refused)} is not enough any more; it asks for {_shown(after)}"
    else:
        reason = f"it asks for {_shown(after)}, not {_shown(before)}"
    yield Finding(
        kind="authentication",
        where="authentication",
        reason=reason,
        is_breaking=bool(refused),
    )


def compare_schemes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    """What of the security schemes has changed.

    A scheme that is gone is told by the operations that asked for it.
    """
    for name in sorted(old.keys() & new.keys()):
        before, after = ({**item, **_ASIDE} for item in (old[name], new[name]))
        changed = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
        if changed:
            yield Finding(
                kind="security-scheme",
                where=f"security scheme {name}",
                reason=f"its {', '.join(changed)} changed",
                is_breaking=True,
            )


def _is_enough(proof: Alternative, asked: Alternative) -> bool:
    return all(name in proof and set(scopes) <= set(proof[name]) for name, scopes in asked.items())


def _shown(alternatives: Sequence[Alternative]) -> str:
    return " or ".join(
        " and ".join(
            name + (f" ({', '.join(scopes)})" if scopes else "") for name, scopes in one.items()
        )
        or "nothing"
        for one in alternatives
    )
