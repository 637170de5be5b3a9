"""The embedded engine."""

from rawr.durable.engine._apps import Registered
from rawr.durable.engine._selection import RunSelection
from rawr.durable.engine._sweeper import Swept
from rawr.durable.engine.engine import Engine
from rawr.durable.engine.ids import Ids, SystemIds
from rawr.durable.engine.settings import EngineSettings
from rawr.durable.store.port import RunView

__all__ = [
    "Engine",
    "EngineSettings",
    "Ids",
    "Registered",
    "RunSelection",
    "RunView",
    "Swept",
    "SystemIds",
]
