"""What the engine's HTTP surface can be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rawr.durable.domain.limits import MIB
from rawr.durable.protocol.signing import hash_signing_key

ServerKind = Literal["dev", "cloud"]
"""``dev`` asks for no keys and is for this machine only; ``cloud`` asks for keys everywhere."""

KIND_HEADER: Final = "x-inngest-server-kind"

DEFAULT_MAX_BODY_BYTES: Final = 32 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class APISettings:
    """Settings of the engine's HTTP surface.

    Attributes:
        event_keys: Who may send events in kind ``cloud``; without any, nobody may.
        signing_keys: The key apps authenticate with, then the fallback. Where there are keys
            they are asked for in either kind; kind ``cloud`` must have one.
        max_body_bytes: The largest request body that is read.

    Raises:
        ValueError: kind ``cloud`` has no signing key.
        SigningKeyError: a signing key is not hex.
    """

    kind: ServerKind = "dev"
    event_keys: Sequence[str] = ()
    signing_keys: Sequence[str] = ()
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES

    def __post_init__(self) -> None:
        if self.kind == "cloud" and not self.signing_keys:
            raise ValueError("an engine of kind 'cloud' needs a signing key; set one")
        for key in self.signing_keys:
            hash_signing_key(key)

    @property
    def is_dev(self) -> bool:
        """True if no event key is asked for."""
        return self.kind == "dev"
