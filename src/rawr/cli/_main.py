"""The command and what it is made of; each subcommand imports what it needs when it runs."""

from pathlib import Path
from typing import Literal

import click

from ._errors import reported

_HQ_DIR = click.argument(
    "hq_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    metavar="[HQ]",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rawr-hq", prog_name="rawr")
def main() -> None:
    """Typed boundary APIs and durable workflows, from one manifest."""


@main.command()
@_HQ_DIR
def dev(hq_dir: Path) -> None:
    """Serve an HQ for development, on loopback, with a token of its own.

    HQ is the folder that holds rawr_hq.py; the current one by default.
    """
    _serve(hq_dir, "development")


@main.command()
@_HQ_DIR
def serve(hq_dir: Path) -> None:
    """Serve an HQ in production; refuses to start on unsafe settings."""
    _serve(hq_dir, "production")


@main.command()
@_HQ_DIR
def routes(hq_dir: Path) -> None:
    """List every route of an HQ: method, path, procedure, callers."""
    from ._routes import list_routes

    with reported():
        from rawr.host import load_manifest

        click.echo(list_routes(load_manifest(hq_dir)))


def _serve(hq_dir: Path, mode: Literal["development", "production"]) -> None:
    import asyncio

    with reported():
        from rawr.host import Settings, load_manifest, run_host

        settings = Settings.from_environment(hq_dir, mode=mode)
        asyncio.run(run_host(load_manifest(hq_dir), settings))
