"""Re-exports the canonical workflow contract; it is defined in the package."""

from packages.$name.workflows.contract import ${Name}Workflows

__all__ = ["${Name}Workflows"]
