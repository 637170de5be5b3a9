"""What travels from a publisher to its subscribers."""

from typing import Literal

import msgspec

from rawr.durable.domain.event import Json

MessageKind = Literal["data", "datastream-start", "chunk", "datastream-end"]


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
    run_id: str | None = None
    stream_id: str | None = None
    metadata: Json = None
