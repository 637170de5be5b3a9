"""Taking over what a write has made ready."""

from rawr.durable.domain.run import RunState
from rawr.durable.engine._agenda import Agenda
from rawr.durable.engine._live import LiveRuns
from rawr.durable.engine.observer import Observer
from rawr.durable.store.port import Accepted


class Delivery:
    """Keeps created runs in memory, and puts what is to be done on the agenda."""

    def __init__(self, *, runs: LiveRuns, agenda: Agenda, observer: Observer) -> None:
        self._runs = runs
        self._agenda = agenda
        self._observer = observer

    def deliver(self, accepted: Accepted) -> None:
        """Take over the runs that events have started and the items that move others on."""
        for planned in accepted.started:
            self._observer.started(planned.run.function_id)
            if not planned.item.parked:
                is_plain = not planned.timers and not planned.pauses
                self._runs.add(RunState(run=planned.run, is_plain=is_plain))
            self._agenda.add(planned.item)
            for timer in planned.timers:
                self._agenda.add(timer)
        for item in accepted.resumed:
            self._agenda.add(item)
