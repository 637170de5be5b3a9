"""Booting small hosts, and asking them one thing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message

from rawr.composition import CallerClass, Manifest, Principal
from rawr.host import BootStages, Host, Settings, TokenIdentity, boot
from rawr.testing.asgi import ASGIClient

ADA = Principal(
    subject="ada", tenant_id="acme", caller=CallerClass.FIRST_PARTY, can_call_internal=True
)
PEOPLE = {"ada": ADA, "bob": replace(ADA, subject="bob", tenant_id="bolt")}


def settings_for(data_dir: Path, **changes: Any) -> Settings:
    return Settings(hq_dir=data_dir, data_dir=data_dir, **changes)


@asynccontextmanager
async def booted(
    manifest: Manifest, data_dir: Path, *, stages: BootStages | None = None, **changes: Any
) -> AsyncIterator[Host]:
    identity, settings = TokenIdentity.of(dict(PEOPLE)), settings_for(data_dir, **changes)
    async with boot(manifest, settings, identity=identity, stages=stages) as host:
        yield host


def client_of(host: Host, who: str = "ada", **headers: str) -> ASGIClient:
    sent = {"content-type": "application/json", "authorization": f"Bearer {who}", **headers}
    return ASGIClient(host.app, headers=sent)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


def ask_at_once(app: ASGIApp, path: str) -> Answer:
    """The answer of an app that needs to wait for nothing; for use where nothing can be awaited."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing to receive")

    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    coroutine: Any = app(scope, receive, send)
    try:
        coroutine.send(None)
    except StopIteration:
        return Answer(sent[0]["status"], sent[1]["body"])
    coroutine.close()
    raise AssertionError(f"{path} waits for something")
