"""The servers the boundary benchmark compares, each with the same validated procedure.

    python -m benchmarks.boundary_servers NAME

serves one of them on a free loopback port with one uvicorn worker (uvloop, httptools), prints
the port as JSON and stops when its standard input closes.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvicorn
from pydantic import BaseModel

Application = Callable[..., Awaitable[None]]


class Trigger(BaseModel):
    """The input, the same for all that validate with pydantic."""

    invoiceId: str  # noqa: N815 - the wire's own name
    requestedBy: str  # noqa: N815 - the wire's own name


class Accepted(BaseModel):
    """The output."""

    runId: str  # noqa: N815 - the wire's own name
    accepted: bool


def rpc() -> Application:
    """Our RPC handler, with the procedure at /rpc/trigger."""
    from rawr.http import RPCHandler

    return RPCHandler(_router()).asgi(prefix="/rpc", context=None)


def openapi() -> Application:
    """Our OpenAPI handler, with the procedure at /api/trigger."""
    from rawr.http import OpenAPIHandler

    return OpenAPIHandler(_router()).asgi(prefix="/api", context=None)


def _router() -> Any:
    from rawr.contract import Contract, post
    from rawr.procedure import implement

    class Api(Contract):
        trigger = post("/trigger").input(Trigger).output(Accepted)

    os = implement(Api)

    @os.handler(Api.trigger)
    async def trigger(_context: None, input: Trigger) -> Accepted:
        return Accepted(runId=f"run-{input.invoiceId}", accepted=True)

    return os.router()


def raw() -> Application:
    """The floor: what any server must do with these bytes, and no framework."""
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        request = Trigger.model_validate(decode(body)["json"])
        output = Accepted(runId=f"run-{request.invoiceId}", accepted=True)
        content = encode({"json": output.model_dump()})
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return app


def fastapi() -> Application:
    """FastAPI with its usual models."""
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/trigger")
    async def trigger(input: Trigger) -> Accepted:
        return Accepted(runId=f"run-{input.invoiceId}", accepted=True)

    return app


def litestar() -> Application:
    """Litestar with msgspec, its fastest kind of model."""
    from litestar import Litestar, post

    class Input(msgspec.Struct, rename="camel"):
        invoice_id: str
        requested_by: str

    class Output(msgspec.Struct, rename="camel"):
        run_id: str
        accepted: bool

    @post("/trigger", status_code=200)
    async def trigger(data: Input) -> Output:
        return Output(run_id=f"run-{data.invoice_id}", accepted=True)

    trigger.fn.__annotations__.update({"data": Input, "return": Output})
    return Litestar([trigger], openapi_config=None)


async def _lifespan(receive: Any, send: Any) -> None:
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})


APPLICATIONS: dict[str, Callable[[], Application]] = {
    "rpc": rpc,
    "openapi": openapi,
    "raw": raw,
    "fastapi": fastapi,
    "litestar": litestar,
}


async def serve(name: str, listener: socket.socket) -> None:
    """Serve until standard input closes."""
    server = uvicorn.Server(
        uvicorn.Config(
            APPLICATIONS[name](),
            http="httptools",
            loop="uvloop",
            log_level="error",
            access_log=False,
        )
    )

    def stop() -> None:
        server.should_exit = True

    asyncio.get_running_loop().add_reader(sys.stdin, stop)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await server.serve(sockets=[listener])


def main() -> None:
    """Serve the application named on the command line."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=512) as listener,
        asyncio.Runner(loop_factory=_new_uvloop) as runner,
    ):
        runner.run(serve(sys.argv[1], listener))


def _new_uvloop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


if __name__ == "__main__":
    main()
