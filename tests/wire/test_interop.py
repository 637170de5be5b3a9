"""The interop matrix: our clients on real servers, real clients on ours, ours on ours."""

import json
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from tests.node_peer import NODE_DIRECTORY, ask_node, node_path, peers_installed
from tests.wire.golden_cases import FILES, SMALL_BIGINTS, VALUES
from tests.wire.interop import (
    BATCHES,
    CELLS,
    ERRORS,
    GET_TRANSPORTS,
    IMPOSSIBLE,
    ROWS,
    STREAMS,
    TRANSPORTS,
    Interop,
    Kind,
    Name,
    Payment,
    as_json,
    router,
    with_numbers,
)
from tests.wire.serving import serving

from rawr.client import (
    BatchTransport,
    HTTPXTransport,
    OpenAPILink,
    RPCLink,
    WebSocketLink,
    create_client,
)
from rawr.contract import Link, ORPCError
from rawr.http import ASGIApp, OpenAPIHandler, Receive, RPCHandler, Scope, Send
from rawr.http.plugins import Batch
from rawr.schema import UNDEFINED, File
from rawr.wire.rpc import RPCSerializer

pytestmark = pytest.mark.node


def test_every_cell_is_tested_or_explained() -> None:
    matrix = {(row, transport) for row in ROWS for transport in TRANSPORTS}
    assert matrix == {*CELLS, *IMPOSSIBLE}
    assert not set(CELLS) & set(IMPOSSIBLE)
    assert all(reason for reason in IMPOSSIBLE.values())
    assert {row.split(" ")[0] for row in ROWS} == {"value", "stored", "file", "error", "stream"}


def test_every_tag_of_the_protocol_is_in_the_matrix() -> None:
    payloads = [RPCSerializer().serialize(value) for value in VALUES.values()]
    tags = {entry[0] for payload in payloads for entry in payload.get("meta", ())}
    assert tags == {0, 1, 2, 3, 4, 5, 6, 7}


# --- Our clients, both servers --------------------------------------------------------------


@pytest.fixture(autouse=True, scope="module")
def without_certificates() -> Iterator[None]:
    """Leave the CA bundles unread: nothing speaks TLS, and reading them is most of a client."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
        yield


@pytest.fixture(scope="module")
def real_server() -> Iterator[str]:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    with subprocess.Popen(
        [node_path(), "peers/interop_server.mjs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=NODE_DIRECTORY,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"
        finally:
            process.stdin.close()
            process.wait(10)


def application() -> ASGIApp:
    handler = RPCHandler(router(), plugins=[Batch(max_size=100)])
    rpc, websocket = handler.asgi(prefix="/rpc"), handler.websocket()
    openapi = OpenAPIHandler(router()).asgi(prefix="/api")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await websocket(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/api/"):
            await openapi(scope, receive, send)
        else:
            await rpc(scope, receive, send)

    return app


@pytest.fixture(scope="module")
def our_server() -> Iterator[str]:
    with serving(application()) as url:
        yield url


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A client of one transport, and what that transport does to values."""

    client: Interop
    transport: str

    async def echo(self, value: object) -> object:
        """Send a value and get it back, in company where the transport is a batch."""
        procedure = self.client.read if self.transport in GET_TRANSPORTS else self.client.echo
        return await self.call(procedure, value)

    async def call(self, procedure: Any, *args: object) -> Any:
        if self.transport not in BATCHES:
            return await procedure(*args)
        outcomes: list[Any] = []

        async def keep() -> None:
            try:
                outcomes.append(await procedure(*args))
            except ORPCError as error:
                outcomes.append(error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keep)
            tasks.start_soon(self.client.read, "company")
        if isinstance(outcomes[0], ORPCError):
            raise outcomes[0]
        return outcomes[0]

    def arrives(self, value: object) -> Any:
        return as_json(value) if self.transport == "openapi" else value


@asynccontextmanager
async def caller(url: str, transport: str) -> AsyncIterator[Caller]:
    async with AsyncExitStack() as stack:
        link: Link
        if transport == "openapi":
            link = await stack.enter_async_context(OpenAPILink(f"{url}/api"))
        elif transport == "websocket":
            socket_url = f"{url.replace('http', 'ws', 1)}/ws"
            link = await stack.enter_async_context(WebSocketLink(socket_url))
        else:
            client: Any = None
            if transport in BATCHES:
                mode: Any = "buffered" if transport == "batch buffered" else "streaming"
                client = await stack.enter_async_context(
                    BatchTransport(HTTPXTransport(), mode=mode)
                )
            method: Any = "GET" if transport in GET_TRANSPORTS else "POST"
            link = await stack.enter_async_context(
                RPCLink(f"{url}/rpc", client=client, method=method)
            )
        yield Caller(client=create_client(Interop, link), transport=transport)


every_cell = pytest.mark.parametrize(
    ("row", "transport"), CELLS, ids=[f"{transport}: {row}" for row, transport in CELLS]
)


@every_cell
async def test_our_clients_on_a_real_server(real_server: str, row: str, transport: str) -> None:
    await probe(real_server, row, transport)


@every_cell
async def test_our_clients_on_our_server(our_server: str, row: str, transport: str) -> None:
    await probe(our_server, row, transport)


async def probe(url: str, row: str, transport: str) -> None:
    *kind, name = row.split(" ")
    async with caller(url, transport) as ours:
        await PROBES[" ".join(kind)](ours, name)


async def value_is_echoed(ours: Caller, name: str) -> None:
    if ours.transport == "openapi" and VALUES[name] is UNDEFINED:
        assert await ours.echo(UNDEFINED) in (UNDEFINED, None)
        return
    assert same(await ours.echo(VALUES[name]), ours.arrives(lossy(VALUES[name])))


async def stored_value_arrives(ours: Caller, name: str) -> None:
    answer = await ours.call(ours.client.stored, Name(name=name))
    expected = ours.arrives(lossy(VALUES[name]))
    if ours.transport == "openapi" and name in SMALL_BIGINTS:
        answer, expected = with_numbers(answer), with_numbers(expected)
    assert same(answer, expected)


async def file_is_echoed(ours: Caller, name: str) -> None:
    answer = await ours.echo(FILES[name])
    assert with_numbers(answer) == in_form(ours.arrives(FILES[name]), ours.transport)


async def stored_file_arrives(ours: Caller, name: str) -> None:
    answer = await ours.call(ours.client.file, Name(name=name))
    assert with_numbers(answer) == in_form(ours.arrives(FILES[name]), ours.transport)


async def error_is_raised(ours: Caller, name: str) -> None:
    match name:
        case "invalidInput":
            error = await failure(ours, ours.client.validate, {"n": "x"})
            assert (error.code, error.status) == ("BAD_REQUEST", 400)
            assert [issue["path"] for issue in error.data["issues"]] == [["n"]]
        case "notFound":
            error = await failure(ours, ours.client.missing)
            assert (error.code, error.status) == ("NOT_FOUND", 404)
        case "strictGet":
            error = await failure(ours, ours.client.echo, 1)
            assert (error.code, error.status) == ("METHOD_NOT_SUPPORTED", 405)
        case _:
            error = await failure(ours, ours.client.fail, Kind(kind=name))
            assert type(error) is (Payment if name == "defined" else ORPCError)
            defined, code, status, message, data = ERRORS[name]
            assert (error.defined, error.code, error.status, error.message) == (
                defined,
                code,
                status,
                message,
            )
            assert error.dump_data() == ours.arrives(data)


async def stream_arrives(ours: Caller, name: str) -> None:
    items, end = STREAMS[name]
    procedure = ours.client.tally if name.startswith("tally") else ours.client.stream
    events = await procedure(Kind(kind=name), last_event_id="41")
    received = [await anext(events) for _ in items]
    assert received == [ours.arrives(item) for item in items]
    if isinstance(end, str):
        with pytest.raises(ORPCError) as caught:
            await anext(events)
        assert (caught.value.code, type(caught.value) is Payment) == (end, end == "PAYMENT")
    else:
        assert await anext(events, None) is None
        assert events.result == end
    if name == "meta":
        assert (events.last_event_id, events.retry) == ("e1", 1500)


PROBES = {
    "value": value_is_echoed,
    "stored value": stored_value_arrives,
    "file": file_is_echoed,
    "stored file": stored_file_arrives,
    "error": error_is_raised,
    "stream": stream_arrives,
}


async def failure(ours: Caller, procedure: Any, *args: object) -> ORPCError[Any]:
    with pytest.raises(ORPCError) as caught:
        await ours.call(procedure, *args)
    return caught.value


def lossy(value: Any) -> Any:
    """What JavaScript's JSON loses: infinity."""
    if isinstance(value, dict) and "inf" in value:
        return {**value, "inf": None}
    return None if value == float("inf") else value


def same(left: Any, right: Any) -> bool:
    """Equal, where NaN equals itself and objects leave out what is undefined."""
    if type(left) is dict and type(right) is dict:
        keys = {*left, *right}
        return all(same(left.get(key, UNDEFINED), right.get(key, UNDEFINED)) for key in keys)
    return bool(left == right or (left != left and right != right))  # noqa: PLR0124 - NaN


def in_form(value: Any, transport: str) -> Any:
    """What forms do to files without a type."""
    if isinstance(value, File) and not value.media_type and transport != "openapi":
        return File(value.content, "application/octet-stream", value.name)
    return with_numbers(value)


# --- Real clients, our server ---------------------------------------------------------------


def test_real_clients_on_our_server(our_server: str, subtests: pytest.Subtests) -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    outcome = ask_node("peers/interop_client.mjs", {"baseUrl": our_server})
    expected = {f"{transport}: {row}" for row, transport in CELLS}
    with subtests.test("every cell"):
        assert outcome.keys() == expected
    for cell in sorted(expected & outcome.keys()):
        with subtests.test(cell):
            assert outcome[cell] is None
