"""Keeping registrations: in the registry, and in the store for the next start."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import inngest
import msgspec
from inngest._internal import comm_lib

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import RegistrationRejected
from rawr.durable.engine._registry import Registry
from rawr.durable.engine._transports import IN_PROCESS
from rawr.durable.protocol.call import app_uuid
from rawr.durable.protocol.registration import parse_registration
from rawr.durable.store.port import Store, StoredApp

_SYNC_NAMESPACE = uuid.UUID("0b3b6b5e-9c2a-5b7e-8d0f-4f1d0c6a7e21")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What a registration is answered with; `modified` is False when nothing changed."""

    app_id: str
    sync_id: str
    modified: bool


class Apps:
    """The registrations of an engine."""

    def __init__(self, registry: Registry, store: Store, clock: Clock) -> None:
        self._registry = registry
        self._store = store
        self._clock = clock
        self._checksums: dict[str, str] = {}

    async def load(self) -> None:
        """Register what the store has kept, unless this process registered it anew already."""
        for stored in await self._store.load_apps():
            if stored.id not in self._checksums:
                self._registry.add(parse_registration(stored.registration))
                self._checksums[stored.id] = stored.checksum

    async def register(self, body: bytes) -> Registered:
        """Register an app and keep the registration.

        Raises:
            RegistrationRejected: the registration is not valid.
        """
        app = parse_registration(body)
        checksum = hashlib.sha256(body).hexdigest()
        modified = self._checksums.get(app.id) != checksum
        self._registry.add(app)
        if modified:
            await self._store.save_app(
                StoredApp(
                    id=app.id,
                    checksum=checksum,
                    registration=body,
                    registered_at=self._clock.now_ms(),
                )
            )
            self._checksums[app.id] = checksum
        return Registered(
            app_id=app_uuid(app.id),
            sync_id=str(uuid.uuid5(_SYNC_NAMESPACE, f"{app.id}:{checksum}")),
            modified=modified,
        )


def in_process_registration(
    client: inngest.Inngest, functions: Sequence[inngest.Function[Any]]
) -> bytes:
    """Return the registration of functions that live in this process.

    Raises:
        RegistrationRejected: the SDK cannot describe a function.
    """
    url = f"{IN_PROCESS}://{client.app_id}"
    configs = comm_lib.get_function_configs(url, {one.id: one for one in functions})
    if isinstance(configs, Exception):
        raise RegistrationRejected(f"App {client.app_id!r}: {configs}") from configs
    shapes = []
    for config in configs:
        shape = config.to_dict()
        if isinstance(shape, Exception):
            raise RegistrationRejected(f"Function {config.id!r}: {shape}") from shape
        shapes.append(shape)
    return msgspec.json.encode(
        {
            "appname": client.app_id,
            "framework": IN_PROCESS,
            "functions": shapes,
            "sdk": "inngest-py",
            "url": url,
        }
    )
