"""What an engine does, counted, in the text format that Prometheus reads."""

from rawr.durable.metrics._engine import EngineMetrics
from rawr.durable.metrics._exposition import CONTENT_TYPE

__all__ = ["CONTENT_TYPE", "EngineMetrics"]
