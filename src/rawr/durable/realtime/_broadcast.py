"""Delivering messages to subscribers that keep up."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio
import msgspec
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from rawr.durable.realtime._message import Message, Topic

_BUFFERED: Final = 1000


class SubscriptionEnded(Exception):
    """The subscriber read too slowly, and missed messages; it must subscribe again."""


class Subscription:
    """The messages of some topics, as JSON text, from the moment of subscribing."""

    def __init__(self, topics: Iterable[Topic], *, buffered: int) -> None:
        self.topics = frozenset(topics)
        self._sender: MemoryObjectSendStream[bytes]
        self._receiver: MemoryObjectReceiveStream[bytes]
        self._sender, self._receiver = anyio.create_memory_object_stream[bytes](buffered)

    async def receive(self) -> bytes:
        """The next message, once there is one.

        Raises:
            SubscriptionEnded: more messages waited to be read than are kept, and all that were
                kept have been read.
        """
        try:
            return await self._receiver.receive()
        except anyio.EndOfStream as error:
            raise SubscriptionEnded(str(SubscriptionEnded.__doc__)) from error

    def offer(self, message: bytes) -> None:
        """Deliver a message, or end the subscription if too many wait already."""
        try:
            self._sender.send_nowait(message)
        except anyio.WouldBlock:
            self._sender.close()
        except anyio.ClosedResourceError:
            # It was cut off earlier, and has not noticed yet.
            return

    def close(self) -> None:
        """Deliver nothing more."""
        self._sender.close()
        self._receiver.close()


class Broadcaster:
    """Brings messages to those who subscribe to their topics now; nothing is kept for later.

    A subscriber that lets more than `buffered` messages wait is cut off, so that memory stays
    bounded and publishers never wait.
    """

    def __init__(self, *, buffered: int = _BUFFERED) -> None:
        self._buffered = buffered
        self._subscriptions: dict[Topic, set[Subscription]] = {}

    def publish(self, message: Message) -> int:
        """Deliver a message; return how many subscribers there are for it."""
        if not self.is_heard(message.channel, message.topic):
            return 0
        topic = Topic(channel=message.channel, name=message.topic)
        return self.relay(topic, msgspec.json.encode(message))

    def is_heard(self, channel: str, topic: str) -> bool:
        """True if anybody subscribes to a topic now."""
        return Topic(channel=channel, name=topic) in self._subscriptions

    def relay(self, topic: Topic, content: bytes) -> int:
        """Deliver bytes as they are; return how many subscribers there are for them."""
        subscriptions = self._subscriptions.get(topic, ())
        for subscription in subscriptions:
            subscription.offer(content)
        return len(subscriptions)

    @contextmanager
    def subscribe(self, topics: Iterable[Topic]) -> Iterator[Subscription]:
        """Subscribe for the length of a block."""
        subscription = Subscription(topics, buffered=self._buffered)
        for topic in subscription.topics:
            self._subscriptions.setdefault(topic, set()).add(subscription)
        try:
            yield subscription
        finally:
            for topic in subscription.topics:
                listening = self._subscriptions[topic]
                listening.discard(subscription)
                if not listening:
                    del self._subscriptions[topic]
            subscription.close()
