"""Re-exports the canonical workflow contract; it is defined in the package."""

from packages.invoicing.workflows.contract import InvoicingWorkflows

__all__ = ["InvoicingWorkflows"]
