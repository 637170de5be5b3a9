"""The event that asks for an import; versioned, and small enough to keep."""

from rawr.coordination import EventType
from rawr.schema import Schema

from packages.$name.domain.item import Title


class ImportRequestedData(Schema):
    """Everything the durable function needs; it never sees the request's own context."""

    tenant_id: str
    run_id: str
    request_id: str
    correlation_id: str
    titles: list[Title]


ImportRequested = EventType("$name.import.requested", ImportRequestedData)
