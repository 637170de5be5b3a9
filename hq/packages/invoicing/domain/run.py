"""The run of an invoice: what is reconciled, for whom, and how far it is."""

from datetime import datetime

from pydantic import Field

from packages.invoicing.domain.status import RunState
from rawr.schema import Schema


class ReconciliationScope(Schema):
    """The invoices of one account to reconcile; a dry run changes none of them."""

    account_id: str = Field(min_length=1, max_length=128)
    invoice_ids: list[str] = Field(min_length=1, max_length=1000)
    dry_run: bool = False


class RunTarget(Schema):
    """What a run is about: one registered invoice, or a scope; what makes two requests equal."""

    invoice_id: str | None = None
    scope: ReconciliationScope | None = None


class Run(Schema):
    """One run, as its tenant sees it."""

    run_id: str
    tenant_id: str
    invoice_id: str | None = None
    scope: ReconciliationScope | None = None
    requested_by: str
    status: RunState
    updated_at: datetime
