"""The audit log: every security decision as one line, without secrets."""

import json
import logging
from collections.abc import Collection
from typing import Final, TypeAlias

audit_logger: Final = logging.getLogger("rawr.audit")

_MAX_TEXT: Final = 200

Fact: TypeAlias = str | int | Collection[str] | None


def audit(action: str, **facts: Fact) -> None:
    """Log a decision: `action` and its facts in the message and, structured, as extras.

    Facts may come from callers: they are cut off and written as ASCII JSON, so that no line can
    be forged or flooded. A fact that is None is left out.
    """
    if audit_logger.isEnabledFor(logging.INFO):
        known = {name: _plain(value) for name, value in facts.items() if value is not None}
        text = " ".join(f"{name}={json.dumps(value)}" for name, value in known.items())
        audit_logger.info("%s %s", action, text, extra={"action": action, "facts": known})


def _plain(value: str | int | Collection[str]) -> str | int | list[str]:
    if isinstance(value, str):
        return value[:_MAX_TEXT]
    return value if isinstance(value, int) else sorted(value)
