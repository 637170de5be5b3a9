"""The command and what it is made of; each subcommand imports what it needs when it runs."""

import io
import os
import sys
from pathlib import Path
from typing import Any, Final, Literal

import click

from ._errors import reported
from ._events import events
from ._functions import functions
from ._runs import runs
from ._tokens import tokens
from ._typescript import typescript
from ._users import users
from ._values import Duration, WebAddress
from ._web import web

_HQ_DIR = click.argument(
    "hq_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    metavar="[HQ]",
)

_PORT = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="In place of RAWR_PORT, or of 3000; 0 takes a free one.",
)

_YEAR_SECONDS: Final = 31_536_000
_COMMITTED: Final = "<HQ>/openapi.json"
"""What `--check` without a file stands for."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rawr-hq", prog_name="rawr")
def main() -> None:
    """Typed boundary APIs and durable workflows, from one manifest."""


main.add_command(runs)
main.add_command(events)
main.add_command(functions)
main.add_command(tokens)
main.add_command(typescript)
main.add_command(users)
main.add_command(web)


@main.command(short_help="Serve an HQ for development.")
@_HQ_DIR
@_PORT
def dev(hq_dir: Path, port: int | None) -> None:
    """Serve an HQ for development, on loopback, with a token of its own.

    HQ is the folder that holds rawr_hq.py; the current one by default.
    """
    _serve(hq_dir, "development", port)


@main.command(short_help="Serve an HQ in production.")
@_HQ_DIR
@_PORT
def serve(hq_dir: Path, port: int | None) -> None:
    """Serve an HQ in production; refuses to start on unsafe settings.

    HQ is the folder that holds rawr_hq.py; the current one by default. Environment variables set
    the rest, such as RAWR_HOST, RAWR_DATA_DIR and RAWR_PUBLIC_URL.
    """
    _serve(hq_dir, "production", port)


@main.command()
@_HQ_DIR
def routes(hq_dir: Path) -> None:
    """List every route of an HQ: method, path, procedure, callers."""
    from ._routes import list_routes

    with reported():
        from rawr.host import load_manifest

        click.echo(list_routes(load_manifest(hq_dir)))


@main.command()
@_HQ_DIR
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
)
@click.option("--rule", "rules", metavar="ID", multiple=True, help="Only this rule; repeatable.")
@click.option("--no-manifest", is_flag=True, help="Read the sources alone; import nothing.")
def check(
    hq_dir: Path,
    output_format: Literal["text", "json", "sarif"],
    rules: tuple[str, ...],
    no_manifest: bool,
) -> None:
    """Check an HQ against the rules of the architecture.

    Exits with 1 if a rule is violated, and with 2 if the HQ cannot be checked. One place is
    excepted by a comment: `# rawr: allow RAWR016 -- the reason`.
    """
    from ._check import run_check

    run_check(hq_dir, output_format=output_format, rules=rules, with_manifest=not no_manifest)


@main.command()
@_HQ_DIR
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there, such as to HQ/openapi.json.",
)
@click.option(
    "--check",
    "committed",
    is_flag=False,
    flag_value=_COMMITTED,
    type=click.Path(path_type=Path),
    metavar="[FILE]",
    help="Compare it with a committed one; HQ/openapi.json by default.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["drift", "breaking"]),
    default="drift",
    show_default=True,
    help="What --check fails on: any difference, or one that breaks callers.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How --check tells what changed.",
)
def openapi(
    hq_dir: Path,
    output: Path | None,
    committed: Path | None,
    fail_on: Literal["drift", "breaking"],
    output_format: Literal["text", "json"],
) -> None:
    """Print the OpenAPI document that an HQ publishes.

    It has the published procedures and nothing else. With --check it is compared with a committed
    document, breaking changes are named, and the exit code is 1 if they differ; 2 if there is no
    document to compare with.
    """
    if committed is not None and committed.is_dir():  # `rawr openapi --check HQ`
        hq_dir, committed = committed, Path(_COMMITTED)
    with reported():
        from rawr.scaffold import OPENAPI_FILE

        from ._openapi import check_document, print_document, write_document

        if committed is not None:
            file = hq_dir / OPENAPI_FILE if committed == Path(_COMMITTED) else committed
            check_document(hq_dir, file, output_format=output_format, fail_on=fail_on)
        elif output is not None:
            write_document(hq_dir, output)
        else:
            print_document(hq_dir)


@main.command()
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where to write it; a new folder of that name by default.",
)
def init(name: str, directory: Path | None) -> None:
    """Make a new HQ, ready for `rawr dev`.

    NAME is lower-case words such as acme or acme-hq.
    """
    from ._scaffold import init_hq

    init_hq(name, directory)


@main.group()
def new() -> None:
    """Add to an HQ."""


@new.command()
@click.argument("name")
@_HQ_DIR
@click.option("--api", is_flag=True, help="With an API plugin.")
@click.option("--workflow", is_flag=True, help="With a workflow plugin and a durable function.")
@click.option("--web", is_flag=True, help="With a web plugin: a micro-frontend in TypeScript.")
def capability(name: str, hq_dir: Path, api: bool, workflow: bool, web: bool) -> None:
    """Add a capability: package, plugins, tests, manifest entry.

    NAME is a lower-case identifier such as order_intake. Without --api and --workflow it gets
    both. One that is there already gets what it lacks, such as a web plugin with --web. What is
    generated passes `rawr check`, the types and its own tests.
    """
    from rawr.scaffold import Surface

    from ._scaffold import new_capability

    asked = {Surface.API: api, Surface.WORKFLOW: workflow, Surface.WEB: web}
    new_capability(name, hq_dir, frozenset(one for one, is_asked in asked.items() if is_asked))


@main.command()
@_HQ_DIR
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(hq_dir: Path, as_json: bool) -> None:
    """Explain what is wrong with a set-up and how to mend it.

    Exits with 1 if something must be mended. Nothing is changed.
    """
    from ._doctor import run_doctor

    run_doctor(hq_dir, as_json=as_json)


@main.command()
@_HQ_DIR
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="The new folder to write.",
)
@click.option(
    "--data-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Instead: the data folder of `rawr engine`.",
)
def backup(hq_dir: Path, output: Path, data_dir: Path | None) -> None:
    """Copy the data of an HQ or an engine, while it runs or not.

    Runs, timelines, users, events and steps are copied as they are at one moment. Tokens of
    development are not: they are made anew.
    """
    with reported():
        from ._backup import back_up

        if data_dir is None:
            from rawr.host import data_dir_of

            data_dir = data_dir_of(hq_dir)
        back_up(data_dir, output)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8288, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".rawr-engine"),
    show_default=True,
    help="Where events, runs and steps are kept.",
)
@click.option(
    "--retry-interval",
    type=Duration(greatest=_YEAR_SECONDS),
    metavar="SECONDS",
    help="A fixed delay between attempts, in place of the growing ones.",
)
@click.option(
    "--keep",
    "keep_days",
    type=Duration(greatest=36_500),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="How long ended runs and events are kept; 0 is for ever.",
)
@click.option(
    "--wait-lookback",
    type=Duration(greatest=86_400),
    default=0,
    show_default=True,
    metavar="SECONDS",
    help="How long before a wait began an event may have come that ends it.",
)
@click.option(
    "--max-steps",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="How many steps one run may have.",
)
@click.option(
    "-u",
    "--sdk-url",
    "sdk_urls",
    type=WebAddress(),
    multiple=True,
    metavar="URL",
    help="Where an app serves its functions: it is asked to register. Repeatable.",
)
def engine(**options: Any) -> None:
    """Run the durable engine alone, for any Inngest SDK app.

    INNGEST_SIGNING_KEY and INNGEST_EVENT_KEY close it to callers without those keys. `rawr runs`,
    `rawr events` and `rawr functions` operate it; /metrics is for Prometheus.
    """
    with reported():
        from rawr.server import run_process

        from ._engine import EngineOptions, run_engine

        _write_lines_at_once()
        run_process(run_engine(EngineOptions(**options)))


def _serve(hq_dir: Path, mode: Literal["development", "production"], port: int | None) -> None:
    with reported():
        from rawr.host import Settings, load_manifest, run_host
        from rawr.server import run_process

        chosen = {} if port is None else {"RAWR_PORT": str(port)}
        settings = Settings.from_environment(hq_dir, mode=mode, environ={**os.environ, **chosen})
        _write_lines_at_once()
        run_process(run_host(load_manifest(hq_dir), settings))


def _write_lines_at_once() -> None:
    """Let logs and pipes have `ready` when it is said; by default they get it at the end."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
