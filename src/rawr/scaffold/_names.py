"""Names: which are allowed, and how one is spelled in code, in paths and on the wire."""

import builtins
import keyword
import re
from dataclasses import dataclass
from typing import Final, Self

from ._errors import InvalidName

MAX_LENGTH: Final = 24
"""Characters; every generated line fits its width with a name this long."""

_CAPABILITY: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_HQ: Final = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_TAKEN: Final = frozenset(
    {
        # Folders and modules of an HQ, and what the manifest mounts.
        *("api", "apps", "hq", "packages", "plugins", "rawr", "rawr_hq", "tests", "workflows"),
        # What generated modules call their own fields and variables.
        *("context", "deps", "dispatch", "kit", "network", "principal", "request"),
    }
)


@dataclass(frozen=True, slots=True)
class CapabilityName:
    """A capability's name, such as `order_intake`."""

    snake: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check a name.

        Raises:
            InvalidName: It is not a short lower-case identifier, or it is taken.
        """
        if _CAPABILITY.fullmatch(text) is None:
            raise InvalidName(
                f"{text!r} cannot name a capability; use lower-case words such as 'invoicing' "
                "or 'order_intake'"
            )
        if len(text) > MAX_LENGTH:
            raise InvalidName(f"{text!r} is too long; use at most {MAX_LENGTH} characters")
        if text in _TAKEN or keyword.iskeyword(text) or hasattr(builtins, text):
            raise InvalidName(
                f"{text!r} already means something in an HQ or in Python; use another name, "
                f"such as 'our_{text}'"
            )
        return cls(text)

    @property
    def pascal(self) -> str:
        """The beginning of its classes' names: `OrderIntake`."""
        return "".join(word[0].upper() + word[1:] for word in self.snake.split("_"))

    @property
    def camel(self) -> str:
        """Its name on the wire: `orderIntake`."""
        return self.pascal[0].lower() + self.pascal[1:]

    @property
    def kebab(self) -> str:
        """Its name in paths: `order-intake`."""
        return self.snake.replace("_", "-")


def check_hq_name(text: str) -> str:
    """Return the name of an HQ.

    Raises:
        InvalidName: It is not lower-case words joined by hyphens or underscores.
    """
    if _HQ.fullmatch(text) is None:
        raise InvalidName(
            f"{text!r} cannot name an HQ; use lower-case words such as 'acme' or 'acme-hq'"
        )
    return text
