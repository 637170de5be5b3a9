"""What tests of an HQ and its durable functions lean on."""

from rawr.testing.asgi import ASGIClient, ASGIExchange, ASGIResponse
from rawr.testing.clock import VirtualClock
from rawr.testing.engine import EngineHarness, NotOneRun, RunOutcome

__all__ = [
    "ASGIClient",
    "ASGIExchange",
    "ASGIResponse",
    "EngineHarness",
    "NotOneRun",
    "RunOutcome",
    "VirtualClock",
]
