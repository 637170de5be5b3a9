"""`rawr runs`: what a running engine does, and stopping or repeating it."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import click

from ._engine_link import EngineLink, as_json_text, engine_options, table
from ._run_ids import engine_run_id
from ._values import Duration

_ENDED: Final = frozenset({"COMPLETED", "FAILED", "CANCELLED", "SKIPPED"})
_STATUSES: Final = ("queued", "running", "completed", "failed", "cancelled", "skipped")
_HEADS: Final = ("RUN", "STATUS", "FUNCTION", "QUEUED", "ENDED")
_TAILED: Final = 20

_INTERVAL = click.option(
    "--interval",
    default=1.0,
    show_default=True,
    type=Duration(least=0.01, greatest=3600),
    metavar="SECONDS",
    help="How often to look.",
)


C = TypeVar("C", bound=Callable[..., Any])


def _selection_options(command: C) -> C:
    for option in (
        click.option("--started-before", metavar="INSTANT", help="or before."),
        click.option("--started-after", metavar="INSTANT", help="created then or later,"),
        click.option("--if", "expression", metavar="CEL", help="for whose event this is true,"),
    ):
        command = option(command)
    return command


@click.group()
def runs() -> None:
    """List, show, follow, cancel and repeat the runs of an engine."""


@runs.command("list")
@click.option("--function", metavar="ID", help="Only runs of this function.")
@click.option("--status", type=click.Choice(_STATUSES), help="Only runs in this status.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100))
@engine_options
def list_runs(
    function: str | None, status: str | None, limit: int, url: str, *, as_json: bool
) -> None:
    """List runs, the newest first."""
    found = EngineLink(url).get("/v2/runs", functionId=function, status=status, limit=limit)["data"]
    click.echo(as_json_text(found) if as_json else table(_HEADS, [_row(run) for run in found]))


@runs.command()
@click.argument("run_id", metavar="RUN")
@engine_options
def show(run_id: str, url: str, *, as_json: bool) -> None:
    """Show a run: its status, its steps, its output.

    With --hq, RUN may be the id that the HQ gave its caller.
    """
    link = EngineLink(url)
    run_id = engine_run_id(link, run_id)
    run = link.get(f"/v2/runs/{run_id}")["data"]
    spans = link.get(f"/v2/runs/{run_id}/trace")["data"]["rootSpan"]["childrenSpans"]
    if as_json:
        click.echo(as_json_text({**run, "steps": spans}))
        return
    for name, value in (
        ("run", run["id"]),
        ("function", run["function"]["slug"]),
        ("status", run["status"]),
        ("queued", run["queuedAt"]),
        ("started", run["startedAt"]),
        ("ended", run["endedAt"]),
        ("repeats", run["originalRunId"]),
    ):
        if value is not None:
            click.echo(f"{name:<9} {value}")
    for span in spans:
        click.echo(f"step      {_step_line(span)}")
    if run["output"] is not None:
        click.echo(_output(run["output"], has_failed=run["status"] == "FAILED"))


@runs.command()
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option("--function", metavar="ID", help="Only runs of this function.")
@_INTERVAL
@engine_options
def tail(
    run_id: str | None, function: str | None, interval: float, url: str, *, as_json: bool
) -> None:
    """Follow one run until it ends, or all runs until interrupted.

    A line is written whenever a run's status or one of its steps changes.
    """
    link = EngineLink(url)
    if run_id is None:
        lines = _changes(link, function)
    else:
        lines = _run_changes(link, engine_run_id(link, run_id))
    for text, value in lines:
        if text is None:
            time.sleep(interval)
        else:
            click.echo(as_json_text(value) if as_json else text)


@runs.command()
@click.argument("run_ids", metavar="[RUN]...", nargs=-1)
@click.option("--function", metavar="ID", help="Instead: all live runs of this function,")
@_selection_options
@engine_options
def cancel(
    *,
    run_ids: Sequence[str],
    function: str | None,
    expression: str | None,
    started_after: str | None,
    started_before: str | None,
    url: str,
    as_json: bool,
) -> None:
    """Cancel runs: those named, or many of a function at once."""
    if bool(run_ids) == (function is not None):
        raise click.UsageError("name the runs to cancel, or a --function")
    link = EngineLink(url)
    if function is None:
        named = [engine_run_id(link, run) for run in run_ids]
        cancelled = [link.post(f"/v2/runs/{run}/cancel")["data"]["runId"] for run in named]
        click.echo(as_json_text(cancelled) if as_json else f"cancelled {', '.join(cancelled)}")
        return
    body = {
        "function_id": function,
        "if": expression,
        "started_after": started_after,
        "started_before": started_before,
    }
    done = link.post("/v1/cancellations", body)["data"]
    click.echo(as_json_text(done) if as_json else f"cancelled {_counted(done['cancelled'])}")


@runs.command(short_help="Repeat a run, or many of a function.")
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option("--from-step", metavar="STEP", help="The id or name of the step to begin at.")
@click.option("--function", metavar="ID", help="Instead: all runs of this function,")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(_STATUSES[2:]),
    default=("failed",),
    show_default=True,
    help="that ended so,",
)
@_selection_options
@engine_options
def rerun(
    *,
    run_id: str | None,
    from_step: str | None,
    function: str | None,
    statuses: Sequence[str],
    expression: str | None,
    started_after: str | None,
    started_before: str | None,
    url: str,
    as_json: bool,
) -> None:
    """Repeat a run, whole or from one of its steps, or many runs of a function at once."""
    if (run_id is None) == (function is None):
        raise click.UsageError("name the run to repeat, or a --function")
    link = EngineLink(url)
    if run_id is not None:
        run_id = engine_run_id(link, run_id)
        step = None if from_step is None else {"stepId": _step_id(link, run_id, from_step)}
        again = link.post(f"/v2/runs/{run_id}/rerun", {"fromStep": step})["data"]
        click.echo(as_json_text(again) if as_json else again["runId"])
        return
    body = {
        "functionId": function,
        "statuses": list(statuses),
        "if": expression,
        "createdAfter": started_after,
        "createdBefore": started_before,
    }
    done = link.post("/v2/replays", body)["data"]
    click.echo(as_json_text(done) if as_json else f"repeated {_counted(done['replayed'])}")


def _output(output: Any, *, has_failed: bool) -> str:
    """What a run returned, or the error it failed with and where that came from."""
    if not has_failed or not isinstance(output, dict) or "message" not in output:
        return f"output    {as_json_text(output)}"
    named = f"error     {output.get('name', 'Error')}: {output['message']}"
    stack = str(output.get("stack") or "").rstrip()
    return f"{named}\n{stack}" if stack else named


def _step_id(link: EngineLink, run_id: str, step: str) -> str:
    spans = link.get(f"/v2/runs/{run_id}/trace")["data"]["rootSpan"]["childrenSpans"]
    named = [span["stepID"] for span in spans if span["stepID"] and span["name"] == step]
    if len(named) > 1:
        raise click.ClickException(f"{len(named)} steps are called {step}; give the id of one")
    return named[0] if named else step


def _run_changes(link: EngineLink, run_id: str) -> Iterator[tuple[str | None, Any]]:
    """Each change of one run as a line and its data; a `None` where to wait for more."""
    seen: set[str] = set()
    while True:
        run = link.get(f"/v2/runs/{run_id}")["data"]
        trace = link.get(f"/v2/runs/{run_id}/trace")["data"]["rootSpan"]
        steps = [(_step_line(span), span) for span in trace["childrenSpans"] if span["stepID"]]
        for line, value in (*steps, (f"{run['id']}  {run['status']}", run)):
            if line not in seen:
                seen.add(line)
                yield line, value
        if run["status"] in _ENDED:
            return
        yield None, None


def _changes(link: EngineLink, function: str | None) -> Iterator[tuple[str | None, Any]]:
    """Each change among the newest runs as a line and its data; a `None` where to wait."""
    seen: dict[str, str] = {}
    while True:
        found = link.get("/v2/runs", functionId=function, limit=_TAILED)["data"]
        for run in reversed(found):
            if seen.get(run["id"]) != run["status"]:
                seen[run["id"]] = run["status"]
                yield "  ".join(_row(run)[:3]), run
        yield None, None


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    slug = run["function"]["slug"]
    return run["id"], run["status"], slug, run["queuedAt"], run["endedAt"] or "-"


def _counted(number: int) -> str:
    return f"{number} run" if number == 1 else f"{number} runs"


def _step_line(span: dict[str, Any]) -> str:
    took = "" if span["duration"] is None else f"  {span['duration']} ms"
    tries = f"  {span['attempts']} attempts" if span["attempts"] > 1 else ""
    return f"{span['name']}  {span['stepOp'] or '-'}  {span['status']}{took}{tries}"
