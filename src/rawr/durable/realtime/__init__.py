"""Messages from functions to whoever listens, while they run (Inngest wire, realtime)."""

from rawr.durable.realtime._broadcast import Broadcaster, Subscription, SubscriptionEnded
from rawr.durable.realtime._message import (
    RUN_TOPIC,
    STEP_TOPIC,
    STREAM_TOPIC,
    Message,
    MessageKind,
    Topic,
)
from rawr.durable.realtime._token import TokenRejected, TokenSigner

__all__ = [
    "RUN_TOPIC",
    "STEP_TOPIC",
    "STREAM_TOPIC",
    "Broadcaster",
    "Message",
    "MessageKind",
    "Subscription",
    "SubscriptionEnded",
    "TokenRejected",
    "TokenSigner",
    "Topic",
]
