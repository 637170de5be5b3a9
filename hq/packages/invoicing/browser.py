"""The browser-safe entry: domain values and the workflow contract, nothing of the server."""

from packages.invoicing.domain.status import (
    RunBadge,
    RunState,
    can_cancel,
    is_terminal_status,
    to_run_badge,
)
from packages.invoicing.workflows.contract import InvoicingWorkflows

__all__ = [
    "InvoicingWorkflows",
    "RunBadge",
    "RunState",
    "can_cancel",
    "is_terminal_status",
    "to_run_badge",
]
