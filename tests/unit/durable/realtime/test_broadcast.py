import json

import pytest

from rawr.durable.realtime import Broadcaster, Message, SubscriptionEnded, Topic

NEWS = Topic(channel="news", name="posted")
OTHER = Topic(channel="news", name="deleted")


def message(topic: Topic = NEWS, data: object = 1) -> Message:
    return Message(
        kind="data",
        channel=topic.channel,
        topic=topic.name,
        data=data,
        created_at="2026-01-01T00:00:00.000Z",
        env_id="env",
    )


async def test_subscribers_get_the_messages_of_their_topics() -> None:
    broadcaster = Broadcaster()
    with broadcaster.subscribe([NEWS]) as one, broadcaster.subscribe([NEWS, OTHER]) as both:
        assert broadcaster.publish(message()) == 2
        assert broadcaster.publish(message(OTHER, data={"n": 2})) == 1
        assert json.loads(await one.receive())["data"] == 1
        assert [json.loads(await both.receive())["data"] for _ in range(2)] == [1, {"n": 2}]


async def test_a_message_says_nothing_of_what_it_has_not() -> None:
    broadcaster = Broadcaster()
    with broadcaster.subscribe([NEWS]) as subscription:
        broadcaster.publish(message(data=None))
        assert json.loads(await subscription.receive()) == {
            "kind": "data",
            "channel": "news",
            "topic": "posted",
            "data": None,
            "created_at": "2026-01-01T00:00:00.000Z",
            "env_id": "env",
        }


async def test_nothing_is_kept_for_those_who_come_later_or_have_gone() -> None:
    broadcaster = Broadcaster()
    assert broadcaster.publish(message()) == 0
    with broadcaster.subscribe([NEWS]):
        pass
    assert broadcaster.publish(message()) == 0


async def test_a_subscriber_that_does_not_keep_up_is_cut_off_after_what_was_kept() -> None:
    broadcaster = Broadcaster(buffered=2)
    with broadcaster.subscribe([NEWS]) as slow:
        for number in range(4):
            broadcaster.publish(message(data=number))
        assert [json.loads(await slow.receive())["data"] for _ in range(2)] == [0, 1]
        with pytest.raises(SubscriptionEnded, match="too slowly"):
            await slow.receive()
