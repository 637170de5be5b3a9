"""What travels from a publisher to its subscribers."""

from typing import Final, Literal

import msgspec

from rawr.durable.domain.event import Json

MessageKind = Literal["data", "datastream-start", "chunk", "datastream-end", "step", "run"]

STEP_TOPIC: Final = "$step"
"""Every settled step of the run that names the channel."""
RUN_TOPIC: Final = "$run"
"""How the run that names the channel ended."""
STREAM_TOPIC: Final = "$stream"
"""The event stream an endpoint writes, as it writes it."""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """What one can subscribe to: a name within a channel."""

    channel: str
    name: str


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message; what is absent is left out of its JSON, as SDKs require.

    Attributes:
        created_at: An RFC 3339 instant.
        stream_id: The stream a chunk belongs to.
        env_id: The environment, which an engine has one of.
    """

    kind: MessageKind
    channel: str
    topic: str
    data: Json
    created_at: str
    env_id: str
    fn_id: str | None = None
    fn_slug: str | None = None
    run_id: str | None = None
    stream_id: str | None = None
    metadata: Json = None
