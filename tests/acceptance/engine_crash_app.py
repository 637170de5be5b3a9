"""The function the crash tests run, in the engine's process or as an app over HTTP.

Each step makes a value of its own and notes the value of the step before it: were a committed step
executed again as a new one, two values would be seen for it.
"""

import asyncio
import secrets
import socket
import sys
from pathlib import Path
from typing import Any

import inngest

from rawr.durable.domain.event import EventDraft
from rawr.durable.engine import Engine
from rawr.durable.ingress import create_ingress


class Log:
    """Lines that are in the file as soon as they are noted."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")

    def note(self, *words: object) -> None:
        print(*words, file=self._file, flush=True)


def say(words: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def build(client: inngest.Inngest, log: Log) -> inngest.Function[Any]:
    """Return a function with sequential steps, a sleep and a parallel group."""

    @client.create_function(fn_id="fn", trigger=inngest.TriggerEvent(event="app/go"), retries=20)
    async def function(ctx: inngest.Context) -> list[str]:
        number = ctx.event.data["n"]

        async def make(step: str, before: str | None, seen: str) -> str:
            log.note("saw", number, before, seen)
            return f"{step}-{secrets.token_hex(4)}"

        first = await ctx.step.run("a", make, "a", None, "")
        second = await ctx.step.run("b", make, "b", "a", first)
        await ctx.step.sleep("nap", 20)
        third, fourth = await ctx.group.parallel(
            (
                lambda: ctx.step.run("c", make, "c", "b", second),
                lambda: ctx.step.run("d", make, "d", "b", second),
            )
        )
        last = await ctx.step.run("e", make, "e", "c", third)
        return [first, second, third, fourth, last]

    return function


async def in_process(directory: Path, first: int, count: int) -> None:
    """Send events and run them, until killed or done."""
    client = inngest.Inngest(app_id="app", is_production=False)
    accepted = Log(directory / "accepted")
    engine = await Engine.open(directory / "data")
    await engine.serve(client, [build(client, Log(directory / "log"))])
    async with engine:
        say("ready")
        for number in range(first, first + count):
            await engine.send([EventDraft(name="app/go", data={"n": number}, id=f"e{number}")])
            accepted.note(number)
            await asyncio.sleep(0.002)
        await engine.settle()
        while engine.next_due_at() is not None:
            await asyncio.sleep(0.02)
            await engine.settle()
    say("done")


def over_http(directory: Path, engine_url: str, port: int, *, saves_steps: bool) -> None:
    """Serve the function as an app of a stand-alone engine, by the SDK or behind the ingress."""
    import fastapi
    import inngest.fast_api
    import uvicorn

    client = inngest.Inngest(
        app_id="app", is_production=False, api_base_url=engine_url, event_api_base_url=engine_url
    )
    function = build(client, Log(directory / "log"))
    app = fastapi.FastAPI()
    inngest.fast_api.serve(app, client, [function])
    ingress = create_ingress(client, [function], takes_unsigned=True, checkpointing=True)
    config = uvicorn.Config(ingress if saves_steps else app, log_level="warning")
    server = uvicorn.Server(config)
    # It accepts before the server runs, so whoever is told the address may connect at once.
    listening = socket.create_server(("127.0.0.1", port))

    async def serve() -> None:
        say("ready")
        await server.serve(sockets=[listening])

    asyncio.run(serve())


if __name__ == "__main__":
    place = Path(sys.argv[2])
    if sys.argv[1] == "in_process":
        asyncio.run(in_process(place, int(sys.argv[3]), int(sys.argv[4])))
    else:
        over_http(place, sys.argv[3], int(sys.argv[4]), saves_steps=sys.argv[1] == "ingress")
