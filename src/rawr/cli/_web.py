"""`rawr web`: building the web plugins of an HQ."""

from pathlib import Path

import click

from ._errors import reported


@click.group()
def web() -> None:
    """Build the web plugins of an HQ."""


@web.command()
@click.argument(
    "hq_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    metavar="[HQ]",
)
@click.option("--capability", metavar="NAME", help="Of this capability alone.")
@click.option("--force", is_flag=True, help="Build what is up to date, too.")
def build(hq_dir: Path, capability: str | None, force: bool) -> None:
    """Build what has changed, with the npm packages its lock file pins.

    It takes the Node of this Python environment (pip install 'rawr-hq[web]'), else the one on
    the path. A host that runs in development serves the new files at once.
    """
    from ._web_build import WebBuildFailed, build_plugin

    with reported():
        from rawr.host import load_manifest

        plugins = load_manifest(hq_dir).web
    if capability is not None and capability not in plugins:
        raise click.ClickException(f"{hq_dir} has no web plugin {capability!r}")
    for name, surface in plugins.items():
        if capability in (None, name):
            try:
                click.echo(f"{name}: {build_plugin(surface, is_forced=force)}")
            except WebBuildFailed as error:
                raise click.ClickException(f"{name}: {error}") from error
    if not plugins:
        click.echo(f"{hq_dir} has no web plugins")
