"""The event that asks for a reconciliation; versioned, and small enough to keep."""

from packages.invoicing.domain.run import ReconciliationScope
from rawr.coordination import EventType
from rawr.schema import Schema


class ReconciliationRequestedData(Schema):
    """Everything the durable function needs; it never sees the request's own context."""

    tenant_id: str
    run_id: str
    request_id: str
    correlation_id: str
    requested_by: str
    scope: ReconciliationScope


ReconciliationRequested = EventType(
    "invoicing.reconciliation.requested", ReconciliationRequestedData
)
