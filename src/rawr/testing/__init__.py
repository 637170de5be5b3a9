"""What tests of durable functions lean on; `rawr.testing.asgi` has a client for whole hosts."""

from rawr.testing.clock import VirtualClock
from rawr.testing.engine import EngineHarness, NotOneRun, RunOutcome

__all__ = ["EngineHarness", "NotOneRun", "RunOutcome", "VirtualClock"]
