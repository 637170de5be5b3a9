"""Realtime messages of the engine's own: what runs and their steps have come to."""

import msgspec

from rawr.durable.api._responses import iso
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.event import Json
from rawr.durable.domain.run import Run, RunStatus
from rawr.durable.domain.step import StepRecord
from rawr.durable.protocol.call import ACCOUNT_ID, function_uuid
from rawr.durable.realtime import RUN_TOPIC, STEP_TOPIC, Broadcaster, Message, MessageKind


class LifecycleMessages:
    """Publishes the outputs of steps and runs, each run on a channel with its id."""

    def __init__(self, broadcaster: Broadcaster, clock: Clock) -> None:
        self._broadcaster = broadcaster
        self._clock = clock

    def stepped(self, run: Run, step: StepRecord) -> None:
        """Publish a settled step, to the topic of all steps and to one with its name."""
        for topic in (STEP_TOPIC, step.name):
            if step.memo is not None and self._broadcaster.is_heard(run.id, topic):
                memo = msgspec.json.decode(step.memo)
                self._publish("step", run, topic, memo)

    def ended(self, run: Run, status: RunStatus, output: bytes | None) -> None:
        """Publish how a run ended."""
        if self._broadcaster.is_heard(run.id, RUN_TOPIC):
            result = None if output is None else msgspec.json.decode(output)
            shape = {"status": status.value.capitalize(), "output": result}
            self._publish("run", run, RUN_TOPIC, shape)

    def _publish(self, kind: MessageKind, run: Run, topic: str, data: Json) -> None:
        self._broadcaster.publish(
            Message(
                kind=kind,
                channel=run.id,
                topic=topic,
                data=data,
                created_at=iso(self._clock.now_ms()),
                env_id=ACCOUNT_ID,
                fn_id=function_uuid(run.function_id),
                fn_slug=run.function_id,
                run_id=run.id,
            )
        )
