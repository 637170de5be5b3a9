"""Operating a running engine from a terminal."""

import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from click.testing import CliRunner, Result
from tests.unit.durable.api.conftest import SDK, registration, served

from rawr.cli import main
from rawr.cli._engine import EngineOptions
from rawr.cli._engine_apps import connect_app
from rawr.cli._runs import _output, _step_line
from rawr.durable.api import APISettings, create_engine_api
from rawr.durable.engine import Engine, EngineSettings

SIGNING_KEY = "signkey-test-7468697320697320612074657374206b6579"

Run = Callable[..., Awaitable[Result]]


async def answer(request: httpx2.Request) -> httpx2.Response:
    """An app whose function runs one step, then sleeps if its event asks for it."""
    call = json.loads(request.content)
    if "a" not in call["steps"]:
        step = {"op": "StepRun", "id": "a", "name": "add", "displayName": "add", "data": 3}
        return httpx2.Response(206, json=[step], headers=SDK)
    if call["event"]["data"].get("naps"):
        nap = {"op": "Sleep", "id": "s", "name": "1h", "displayName": "nap"}
        return httpx2.Response(206, json=[nap], headers=SDK)
    return httpx2.Response(200, json={"sum": 3}, headers=SDK)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    async with await Engine.open(tmp_path / "engine", http_client=client) as engine:
        await engine.register(json.dumps(registration()).encode())
        yield engine


@contextlib.asynccontextmanager
async def terminal(engine: Engine, settings: APISettings | None = None) -> AsyncIterator[Run]:
    async with served(create_engine_api(engine, settings=settings)) as url:

        async def run(*arguments: str, **environ: str) -> Result:
            environ = {"INNGEST_BASE_URL": url, **environ}
            runner = CliRunner()
            return await anyio.to_thread.run_sync(
                lambda: runner.invoke(main, arguments, env=environ)
            )

        yield run


@pytest.fixture
async def run(engine: Engine) -> AsyncIterator[Run]:
    async with terminal(engine) as run:
        yield run


async def send(engine: Engine, run: Run, **data: Any) -> str:
    """Start a run through the command; return its id once it has nothing more to do."""
    sent = await run("events", "send", "app/bye", "--data", json.dumps(data))
    assert sent.exit_code == 0, sent.output
    (found,) = await engine.runs_of_event(sent.output.strip())
    await engine.settle()
    return found.id


async def test_functions_are_listed(run: Run) -> None:
    listed = await run("functions")
    heads, line = listed.output.splitlines()
    assert heads.split() == ["FUNCTION", "APP", "PAUSED", "TRIGGERS", "URL"]
    assert line.split()[:4] == ["app-hello", "app", "-", "app/hello,"]
    assert "cron TZ=Europe/Paris 0 9 * * 1  http://app.test" in line
    (function,) = json.loads((await run("functions", "--json")).output)
    assert function["slug"] == "app-hello"


async def test_a_function_is_paused_and_what_it_skipped_made_up_for(
    engine: Engine, run: Run
) -> None:
    assert (await run("functions", "pause", "app-hello")).output == "paused app-hello\n"
    skipped = await engine.get_run(await send(engine, run))
    assert skipped is not None
    assert skipped.status == "skipped"
    assert (await run("functions", "resume", "app-hello")).output == "resumed app-hello\n"
    again = await run("runs", "rerun", "--function", "app-hello", "--status", "skipped")
    assert again.output == "repeated 1 run\n"
    await engine.settle()
    assert (await engine.list_runs())[0].status == "completed"
    unknown = await run("functions", "pause", "nobody")
    assert (unknown.exit_code, "no function has the id" in unknown.output) == (1, True)
    assert (await run("runs", "rerun")).exit_code == 2


async def test_events_are_sent_and_listed(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    file.write_text('{"long": "' + "x" * 100 + '"}')
    sent = await run("events", "send", "app/x", "--data", f"@{file}", "--id", "mine", "--json")
    assert json.loads(sent.output)["status"] == 200
    await run("events", "send", "app/y", "--ts", "1700000000000")
    listed = (await run("events", "list")).output.splitlines()
    assert [line.split()[2] for line in listed] == ["NAME", "app/y", "app/x"]
    assert listed[2].endswith("xxx...")
    (event,) = json.loads((await run("events", "list", "--name", "app/x", "--json")).output)
    assert event["id"] == "mine"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "--data is not JSON"),
        ("[]", "must be a JSON object"),
        ("@/no/such/file", "No such file"),
    ],
)
async def test_data_that_cannot_be_sent_is_refused(run: Run, data: str, said: str) -> None:
    sent = await run("events", "send", "app/x", "--data", data)
    assert sent.exit_code == 1
    assert said in sent.output


async def test_runs_are_listed_and_shown(engine: Engine, run: Run) -> None:
    run_id = await send(engine, run)
    heads, line = (await run("runs", "list", "--status", "completed")).output.splitlines()
    assert heads.split() == ["RUN", "STATUS", "FUNCTION", "QUEUED", "ENDED"]
    assert line.split()[:3] == [run_id, "COMPLETED", "app-hello"]
    shown = (await run("runs", "show", run_id)).output
    assert "status    COMPLETED" in shown
    assert "step      add  RUN  COMPLETED" in shown
    assert '"sum": 3' in shown
    as_json = json.loads((await run("runs", "show", run_id, "--json")).output)
    assert (as_json["output"], as_json["steps"][0]["name"]) == ({"sum": 3}, "add")


def test_a_step_tells_how_often_it_was_tried() -> None:
    span = {"name": "charge", "stepOp": "RUN", "status": "RUNNING", "duration": None}
    assert _step_line({**span, "attempts": 1}) == "charge  RUN  RUNNING"
    assert _step_line({**span, "attempts": 3}) == "charge  RUN  RUNNING  3 attempts"


async def test_a_run_is_followed_to_its_end(engine: Engine, run: Run) -> None:
    run_id = await send(engine, run, naps=True)
    lines: list[str] = []

    async def follow() -> None:
        followed = await run("runs", "tail", run_id, "--interval", "0.01")
        lines.extend(followed.output.splitlines())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow)
        await engine.cancel_run(run_id)
    assert lines[0].startswith("add  RUN  COMPLETED")
    assert lines[-1] == f"{run_id}  CANCELLED"


async def test_a_run_is_repeated_from_a_step_by_its_name(engine: Engine, run: Run) -> None:
    run_id = await send(engine, run)
    for options in ((), ("--from-step", "add")):
        again = await run("runs", "rerun", run_id, *options)
        view = await engine.wait_run(again.output.strip())
        assert view.original_run_id == run_id
    missing = await run("runs", "rerun", run_id, "--from-step", "subtract")
    assert (missing.exit_code, "no step" in missing.output) == (1, True)


async def test_runs_are_cancelled_by_name_or_by_function(engine: Engine, run: Run) -> None:
    first = await send(engine, run, naps=True, n=1)
    await send(engine, run, naps=True, n=2)
    assert (await run("runs", "cancel", first)).output == f"cancelled {first}\n"
    bulk = await run("runs", "cancel", "--function", "app-hello", "--if", "event.data.n > 1")
    assert bulk.output == "cancelled 1 run\n"
    again = await run("runs", "cancel", first)
    assert (again.exit_code, "has ended already" in again.output) == (1, True)
    assert (await run("runs", "cancel")).exit_code == 2


async def test_an_engine_that_asks_for_keys_is_opened_by_them(engine: Engine) -> None:
    settings = APISettings(kind="cloud", event_keys=["secret"], signing_keys=[SIGNING_KEY])
    async with terminal(engine, settings) as run:
        refused = await run("runs", "list")
        assert refused.exit_code == 1
        assert "set INNGEST_SIGNING_KEY" in refused.output
        assert (await run("events", "send", "app/x")).exit_code == 1
        keys = {"INNGEST_SIGNING_KEY": SIGNING_KEY, "INNGEST_EVENT_KEY": "secret"}
        assert (await run("runs", "list", **keys)).exit_code == 0
        assert (await run("events", "send", "app/x", **keys)).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs", "list"),
        ("runs", "show", "x"),
        ("runs", "tail"),
        ("runs", "cancel", "x"),
        ("runs", "rerun", "x"),
        ("events", "send", "app/x"),
        ("events", "list"),
        ("functions",),
        ("functions", "pause", "x"),
    ],
)
def test_one_line_says_that_no_engine_answers(arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*arguments, "--url", "http://127.0.0.1:1"])
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert line.startswith("Error: no engine answers at http://127.0.0.1:1")


async def test_another_server_is_told_from_an_engine() -> None:
    from starlette.applications import Starlette

    async with served(Starlette()) as url:
        runner = CliRunner()
        result = await anyio.to_thread.run_sync(
            lambda: runner.invoke(main, ["functions", "--url", url])
        )
    assert (result.exit_code, "is not an engine" in result.output) == (1, True)


def test_the_commands_load_nothing_they_do_not_need() -> None:
    code = "import sys, rawr.cli; assert 'rawr.durable' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


async def test_an_app_is_asked_until_it_registers() -> None:
    asked: list[str] = []
    said: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["method"])
        status = 500 if len(asked) < 3 else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with served(app) as url:
        await connect_app(url, APISettings(), say=said.append, pause_seconds=0)
    assert asked == ["PUT"] * 3
    assert "asking again every 0 s" in said[0]
    assert said[1:] == [f"connected {url}"]


@pytest.mark.parametrize(
    ("output", "has_failed", "shown"),
    [
        ({"sum": 3}, False, 'output    {\n  "sum": 3\n}'),
        (
            {"message": "no", "name": "Refused", "stack": "a\nb\n"},
            True,
            "error     Refused: no\na\nb",
        ),
        ({"message": "no"}, True, "error     Error: no"),
        ({"message": "yes"}, False, 'output    {\n  "message": "yes"\n}'),
        ("gone", True, 'output    "gone"'),
    ],
)
def test_an_error_is_shown_as_one(output: Any, has_failed: bool, shown: str) -> None:
    assert _output(output, has_failed=has_failed) == shown


def test_the_options_of_the_command_are_those_of_the_engine() -> None:
    command = main.commands["engine"]
    context = command.make_context("engine", ["--keep", "7", "--max-steps", "20"])
    settings = EngineOptions(**context.params).engine_settings(["key"])
    assert settings.retention.runs == settings.retention.events == timedelta(days=7)
    assert (settings.limits.max_steps, settings.signing_keys) == (20, ["key"])


def test_without_options_the_engine_is_the_usual_one() -> None:
    context = main.commands["engine"].make_context("engine", [])
    assert EngineOptions(**context.params).engine_settings(()) == EngineSettings()


def test_nothing_is_forgotten_where_that_is_asked() -> None:
    options = EngineOptions(host="::1", port=0, data_dir=Path(), keep_days=0, wait_lookback=60)
    settings = options.engine_settings(())
    assert (settings.retention.runs, settings.retention.events) == (None, None)
    assert settings.wait_lookback == timedelta(minutes=1)
