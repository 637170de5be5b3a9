"""`rawr functions`: what apps have registered with a running engine."""

from typing import Any

import click

from ._engine_link import EngineLink, as_json_text, engine_options, table


@click.command()
@engine_options
def functions(url: str, *, as_json: bool) -> None:
    """List the functions registered with an engine, and what starts them."""
    found = EngineLink(url).get("/v2/functions")["data"]
    if as_json:
        click.echo(as_json_text(found))
        return
    rows = [(one["slug"], one["app"], _triggers(one["triggers"]), one["url"]) for one in found]
    click.echo(table(("FUNCTION", "APP", "TRIGGERS", "URL"), rows))


def _triggers(triggers: list[dict[str, Any]]) -> str:
    return ", ".join(one.get("event") or f"cron {one['cron']}" for one in triggers) or "-"
