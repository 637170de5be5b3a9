"""`rawr events`: sending events to a running engine, and looking at those it has."""

import json
import os
import sys
from typing import Any, Final

import click

from ._engine_link import EngineLink, as_json_text, engine_options, table

_NO_KEY: Final = "NO_EVENT_KEY_SET"
_SHOWN_CHARACTERS: Final = 60


@click.group()
def events() -> None:
    """Send events to an engine, and list those it has."""


@events.command(short_help="Send an event.")
@click.argument("name")
@click.option(
    "--data", default="{}", metavar="JSON", help="The event's data; @FILE or - reads it from there."
)
@click.option("--id", "event_id", metavar="ID", help="The same id starts a function once a day.")
@click.option("--ts", type=int, metavar="MS", help="A later time delays what it starts.")
@engine_options
def send(
    name: str, data: str, event_id: str | None, ts: int | None, url: str, *, as_json: bool
) -> None:
    """Send an event; INNGEST_EVENT_KEY is the key of an engine that asks for one."""
    optional = {"id": event_id, "ts": ts}
    event: dict[str, Any] = {"name": name, "data": _parse(data)}
    event.update({field: value for field, value in optional.items() if value is not None})
    key = os.environ.get("INNGEST_EVENT_KEY", _NO_KEY)
    sent = EngineLink(url).post(f"/e/{key}", event)
    click.echo(as_json_text(sent) if as_json else "\n".join(sent["ids"]))


@events.command("list")
@click.option("--name", metavar="NAME", help="Only events of this name.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100))
@engine_options
def list_events(name: str | None, limit: int, url: str, *, as_json: bool) -> None:
    """List events, the newest first."""
    found = EngineLink(url).get("/v1/events", name=name, limit=limit)["data"]
    if as_json:
        click.echo(as_json_text(found))
        return
    rows = [
        (one["internal_id"], one["received_at"], one["name"], _shortened(one["data"]))
        for one in found
    ]
    click.echo(table(("EVENT", "RECEIVED", "NAME", "DATA"), rows))


def _parse(text: str) -> dict[str, Any]:
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        try:
            with open(text[1:], encoding="utf-8") as file:  # noqa: PTH123 - as the user spelt it
                text = file.read()
        except OSError as error:
            raise click.ClickException(f"--data: {error}") from error
    try:
        data = json.loads(text)
    except ValueError as error:
        raise click.ClickException(f"--data is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise click.ClickException("--data must be a JSON object")
    return data


def _shortened(data: object) -> str:
    text = json.dumps(data)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
