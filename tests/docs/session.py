"""What the blocks of a page run against: an HQ in this process, or one started for the page."""

import ast
import contextlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import CO_COROUTINE
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal

from rawr.composition import CallerClass, Principal
from rawr.host import Settings, TokenIdentity, boot, load_manifest
from rawr.testing.asgi import ASGIClient
from tests.acceptance.engine import running_engine
from tests.acceptance.hq import running_hq
from tests.docs.diagrams import Made, recorded
from tests.docs.matching import Bindings

ROOT = Path(__file__).parents[2]
HQ = ROOT / "hq"
WRITTEN_URL = "http://127.0.0.1:3000"
WRITTEN_DATA_DIR = "hq/.rawr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response."""

    status: int
    headers: Mapping[str, str]
    text: str


Exchange: TypeAlias = Callable[[str, str, Mapping[str, str], str], Answer]
"""Sends method, target, headers and body."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One page's session: a namespace, an HQ to talk to, and what happened last."""

    portal: BlockingPortal
    exchange: Exchange
    routes: frozenset[str] = frozenset()
    namespace: dict[str, Any] = field(default_factory=dict)
    bindings: Bindings = field(default_factory=Bindings)
    replacements: dict[str, str] = field(default_factory=dict)
    """What is written on the page, and what it is in this session."""
    calls: list[Made] = field(default_factory=list)
    output: str = ""
    error: Exception | None = None

    def actual(self, text: str) -> str:
        """The text with addresses and paths of this session."""
        for written, meant in self.replacements.items():
            text = text.replace(written, meant)
        return text

    def run_python(self, source: str, *, page: Path, line: int, watched: bool = False) -> None:
        """Execute a block; keeps what it printed, the error it ended with, and calls if watched."""
        code = compile(
            "\n" * (line - 1) + self.actual(source),
            str(page),
            "exec",
            flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            dont_inherit=True,
        )

        async def run() -> None:
            if not watched:
                await eval(code, self.namespace)
                return
            with recorded() as made:
                await eval(code, self.namespace)
            self.calls[:] = made

        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                if code.co_flags & CO_COROUTINE:
                    self.portal.call(run)
                else:
                    exec(code, self.namespace)
            except Exception as error:  # noqa: BLE001 - the page says which error it expects
                self.error = error
        self.output = printed.getvalue()


PRINCIPALS = {
    "ada-token": Principal(
        subject="ada",
        tenant_id="acme",
        caller=CallerClass.FIRST_PARTY,
        roles=frozenset({"finance:read", "finance:write"}),
        can_call_internal=True,
        can_trigger_workflows=True,
    ),
    "grace-token": Principal(
        subject="grace",
        tenant_id="acme",
        caller=CallerClass.FIRST_PARTY,
        roles=frozenset({"finance:read"}),
    ),
    "partner-token": Principal(
        subject="partner",
        tenant_id="globex",
        caller=CallerClass.THIRD_PARTY,
        roles=frozenset({"finance:read", "finance:write"}),
    ),
}


@contextmanager
def in_process(data_dir: Path) -> Iterator[Session]:
    """A session with `host`, the reference HQ booted in this process."""
    manifest = load_manifest(HQ)
    settings = Settings.from_environment(
        HQ, mode="development", environ={"RAWR_DATA_DIR": str(data_dir)}
    )
    identity = TokenIdentity.of(PRINCIPALS)
    booting = boot(manifest, settings, identity=identity)
    calls: list[Made] = []
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(booting) as host:
        session = Session(
            portal=portal,
            exchange=_over_asgi(portal, ASGIClient(host.app), calls),
            routes=frozenset(mount.prefix for mount in host.mounts.mounts) - {"/"},
            namespace={"__name__": "__main__", "host": host},
            bindings=Bindings({name: name for name in PRINCIPALS}),
            calls=calls,
        )
        failure: Exception | None = None
        try:
            yield session
        except Exception as error:  # noqa: BLE001 - raised again outside of the host's task group
            failure = error
    if failure is not None:
        raise failure


@contextmanager
def beside_a_server(data_dir: Path) -> Iterator[Session]:
    """A session with the reference HQ and the engine it uses, each a process of its own."""
    with (
        running_engine(data_dir / "engine") as engine,
        over_http(data_dir / "hq", RAWR_ENGINE="inngest", INNGEST_DEV=engine.base_url) as session,
    ):
        yield session


@contextmanager
def over_http(data_dir: Path, **environ: str) -> Iterator[Session]:
    """A session with the reference HQ running as a process of its own."""
    with (
        start_blocking_portal() as portal,
        running_hq(data_dir, **environ) as hq,
        httpx2.Client(base_url=hq.base_url, trust_env=False, timeout=10) as client,
    ):
        yield Session(
            portal=portal,
            exchange=_over_sockets(client),
            replacements={
                WRITTEN_URL: hq.base_url,
                WRITTEN_DATA_DIR: str(hq.data_dir),
            },
        )


def _over_asgi(portal: BlockingPortal, client: ASGIClient, calls: list[Made]) -> Exchange:
    async def send(method: str, target: str, headers: Mapping[str, str], body: str) -> Answer:
        with recorded() as made:
            response = await client.request(method, target, headers=headers, body=body.encode())
        calls[:] = made
        return Answer(status=response.status, headers=response.headers, text=response.text)

    return lambda *request: portal.call(send, *request)


def _over_sockets(client: httpx2.Client) -> Exchange:
    def send(method: str, target: str, headers: Mapping[str, str], body: str) -> Answer:
        response = client.request(method, target, headers=dict(headers), content=body.encode())
        return Answer(
            status=response.status_code, headers=dict(response.headers), text=response.text
        )

    return send
