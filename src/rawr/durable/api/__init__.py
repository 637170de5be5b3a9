"""The engine over HTTP, as a stand-alone Inngest-protocol server."""

from rawr.durable.api._app import create_engine_api
from rawr.durable.api._settings import APISettings, ServerKind
from rawr.durable.api._sync import SyncFailed, request_sync

__all__ = ["APISettings", "ServerKind", "SyncFailed", "create_engine_api", "request_sync"]
