"""Event types: the name, version and schema of what is sent to the engine."""

from typing import Generic, TypeVar

import inngest

from rawr.coordination._errors import EventMismatch
from rawr.coordination._values import to_json
from rawr.schema import SchemaError, adapt

Data = TypeVar("Data")

#: Where the version travels: the event model of the SDK has no field for it.
_VERSION_KEY = "_version"


class EventType(Generic[Data]):
    """A versioned event with a schema.

    Version 1 adds nothing to the data; a later version travels as `_version` beside it.

    >>> from rawr.schema import Schema
    >>> class Requested(Schema):
    ...     run_id: str
    >>> ReconciliationRequested = EventType("invoicing.reconciliation.requested", Requested)
    >>> ReconciliationRequested.event(Requested(run_id="run-1")).data
    {'runId': 'run-1'}
    """

    __slots__ = ("_adapter", "data_type", "name", "version")

    def __init__(self, name: str, data_type: type[Data], *, version: int = 1) -> None:
        if version < 1:
            raise ValueError("event versions count from 1")
        self.name = name
        self.data_type = data_type
        self.version = version
        self._adapter = adapt(data_type)

    def __repr__(self) -> str:
        return f"EventType({self.name!r}, {self.data_type.__name__}, version={self.version})"

    def trigger(self, expression: str | None = None) -> inngest.TriggerEvent:
        """The trigger of a function that handles this event, narrowed by `expression` if given."""
        return inngest.TriggerEvent(event=self.name, expression=expression)

    def event(self, data: Data, *, event_id: str = "", ts_ms: int = 0) -> inngest.Event:
        """An event carrying `data`, ready to send.

        `ts_ms` (milliseconds since the epoch) in the future delays the runs it triggers. Dispatch
        replaces an empty id by one derived from the run, and a missing time by now.

        Raises:
            EventMismatch: the data is not an object on the wire.
        """
        wire = to_json(self._adapter.dump(data))
        if not isinstance(wire, dict):
            raise EventMismatch(f"the data of {self.name} must be an object; wrap it in a model")
        if self.version > 1:
            wire[_VERSION_KEY] = self.version
        return inngest.Event(name=self.name, data=wire, id=event_id, ts=ts_ms)

    def parse(self, event: inngest.Event) -> Data:
        """Return the data of an event of this type.

        Raises:
            EventMismatch: its name, version or data do not fit.
        """
        if event.name != self.name:
            raise EventMismatch(f"expected an event named {self.name}, got {event.name}")
        data = dict(event.data)
        version = data.pop(_VERSION_KEY, 1)
        if version != self.version:
            raise EventMismatch(
                f"{self.name} is version {self.version} here and {version} in the event; deploy "
                "the sender and the function together or handle both versions"
            )
        try:
            parsed: Data = self._adapter.validate(data)
        except SchemaError as error:
            raise EventMismatch(f"{self.name} carries unfit data: {error}") from error
        return parsed
