"""`rawr functions`: what apps have registered with a running engine, and holding it back."""

from typing import Any

import click

from ._engine_link import EngineLink, as_json_text, engine_options, table


@click.group(invoke_without_command=True, short_help="List, pause and resume functions.")
@engine_options
@click.pass_context
def functions(context: click.Context, url: str, *, as_json: bool) -> None:
    """List the functions of an engine and what starts them; pause and resume them."""
    if context.invoked_subcommand is not None:
        return
    found = EngineLink(url).get("/v2/functions")["data"]
    if as_json:
        click.echo(as_json_text(found))
        return
    rows = [
        (one["slug"], one["app"], one["pausedAt"] or "-", _triggers(one["triggers"]), one["url"])
        for one in found
    ]
    click.echo(table(("FUNCTION", "APP", "PAUSED", "TRIGGERS", "URL"), rows))


@functions.command(short_help="Let nothing start a function.")
@click.argument("function", metavar="ID")
@engine_options
def pause(function: str, url: str, *, as_json: bool) -> None:
    """Let nothing start a function; what would have is recorded as skipped.

    `rawr runs rerun --function ID --status skipped` makes up for it later.
    """
    _change(function, "pause", url, as_json=as_json)


@functions.command()
@click.argument("function", metavar="ID")
@engine_options
def resume(function: str, url: str, *, as_json: bool) -> None:
    """Let a paused function start runs again."""
    _change(function, "resume", url, as_json=as_json)


def _change(function: str, action: str, url: str, *, as_json: bool) -> None:
    link = EngineLink(url)
    known = {one["slug"]: one["app"] for one in link.get("/v2/functions")["data"]}
    if function not in known:
        raise click.ClickException(
            f"no function has the id {function}; `rawr functions` names them"
        )
    done = link.post(f"/v2/apps/{known[function]}/functions/{function}/{action}")["data"]
    click.echo(as_json_text(done) if as_json else f"{action}d {function}")


def _triggers(triggers: list[dict[str, Any]]) -> str:
    return ", ".join(one.get("event") or f"cron {one['cron']}" for one in triggers) or "-"
