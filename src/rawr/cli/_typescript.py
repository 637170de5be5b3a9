"""`rawr typescript`: the contracts of an HQ as a TypeScript module."""

import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rawr.composition import Manifest
    from rawr.contract import Contract
    from rawr.typescript import Audience, Surface

from ._errors import reported

_BROWSER: Final = "packages.{}.browser"


@click.command()
@click.argument(
    "hq_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    metavar="[HQ]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there.",
)
@click.option("--check", "is_check", is_flag=True, help="Only compare it with FILE.")
@click.option("--capability", metavar="NAME", help="Of this capability alone.")
@click.option("--published", is_flag=True, help="For third parties: what is published.")
@click.option("--web", is_flag=True, help="With the types a web plugin is mounted with.")
def typescript(
    *,
    hq_dir: Path,
    output: Path | None,
    is_check: bool,
    capability: str | None,
    published: bool,
    web: bool,
) -> None:
    """Print the contracts of an HQ as TypeScript.

    The module has the types of inputs, outputs, errors and events, an oRPC contract, and typed
    clients: over RPC and, for workflow calls, over OpenAPI. It needs @orpc/client, @orpc/contract
    and @orpc/openapi-client. With --check the exit code is 1 if FILE is out of date.
    """
    if is_check and output is None:
        raise click.UsageError("--check compares with a file; name it with -o FILE")
    text = typescript_text(
        hq_dir, capability, audience="published" if published else "first-party", web=web
    )
    if output is None:
        click.echo(text, nl=False)
    elif is_check:
        _compare(output, text)
    else:
        _write(output, text)


def typescript_text(
    hq_dir: Path, capability: str | None, *, audience: "Audience" = "first-party", web: bool = False
) -> str:
    """The module of an HQ, or of one of its capabilities.

    Raises:
        ClickException: The HQ cannot be read, has no such capability, or exports to browsers
            what has no form in TypeScript.
    """
    with reported():
        from rawr.host import load_manifest
        from rawr.typescript import TypeScriptError, emit_typescript

        manifest, published = load_manifest(hq_dir), audience == "published"
        names = [item.name for item in manifest.capabilities]
        if capability is not None and capability not in names:
            raise click.ClickException(
                f"{hq_dir} has no capability {capability!r}; it has {', '.join(names)}"
            )
        chosen = names if capability is None else [capability]
        try:
            return emit_typescript(
                _surfaces(manifest, chosen, audience),
                audience=audience,
                values={} if published else {name: _browser_values(name) for name in chosen},
                web=web,
            )
        except TypeScriptError as error:
            raise click.ClickException(str(error)) from error


def _surfaces(manifest: "Manifest", names: list[str], audience: "Audience") -> "Iterator[Surface]":
    from rawr.host import API, RPC, WORKFLOWS
    from rawr.typescript import Surface

    if audience == "first-party":
        rpc = _only(manifest.orpc.contract, names)
        yield Surface(name="rpc", contract=rpc, mount=RPC, link="rpc")
    else:
        api = _only(manifest.api.contract, names)
        yield Surface(name="api", contract=api, mount=API, link="openapi")
    workflows = _only(manifest.workflows.contract, names)
    yield Surface(name="workflows", contract=workflows, mount=WORKFLOWS, link="openapi")


def _only(root: "type[Contract]", names: list[str]) -> "type[Contract]":
    from rawr.contract import compose_contracts

    kept = {name: child for name, child in root.contract_children.items() if name in names}
    return compose_contracts(root.__name__, kept)


def _browser_values(capability: str) -> Mapping[str, object]:
    """What the browser-safe entry of a capability exports."""
    name = _BROWSER.format(capability)
    if importlib.util.find_spec(name) is None:
        return {}
    module = importlib.import_module(name)
    return {export: getattr(module, export) for export in getattr(module, "__all__", ())}


def _compare(output: Path, text: str) -> None:
    try:
        before = output.read_text(encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot read {output}: {error.strerror}") from error
    if before != text:
        raise click.ClickException(
            f"{output} is out of date; make it again with the same options, without --check"
        )
    click.echo(f"{output} is up to date")


def _write(output: Path, text: str) -> None:
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}") from error
    click.echo(f"{output}: {len(text.splitlines())} lines")
