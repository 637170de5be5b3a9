"""How reconciliation runs live: their states and the moves between them, as data."""

from typing import Final

from packages.invoicing.domain.status import OPEN_FOR_CHANGE
from rawr.coordination import Lifecycle, Workflow

RECONCILIATION: Final = Workflow(
    capability="invoicing",
    name="reconciliation",
    lifecycle=Lifecycle(
        initial="queued",
        transitions={
            "queued": ["running", "reconciling", "failed", "canceled"],
            "running": ["reconciling", "failed", "canceled"],
            "reconciling": ["completed", "failed"],
            "completed": [],
            "failed": [],
            "canceled": [],
        },
        dispatchable=OPEN_FOR_CHANGE,
    ),
)
