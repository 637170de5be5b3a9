"""Turning expected failures into one line and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def reported() -> Iterator[None]:
    """Report failures an operator can mend as `Error: ...` with exit code 1."""
    from rawr.composition import CompositionError
    from rawr.contract import ContractError
    from rawr.durable.domain.errors import EngineError
    from rawr.host import AddressInUse, ManifestNotFound, SettingsError
    from rawr.host.identity import IdentityError
    from rawr.openapi import OpenAPIGeneratorError
    from rawr.sqlite import StorageError

    mendable = (
        AddressInUse,
        CompositionError,
        ContractError,
        EngineError,
        IdentityError,
        ManifestNotFound,
        OpenAPIGeneratorError,
        SettingsError,
        StorageError,
    )
    try:
        yield
    except mendable as error:
        raise click.ClickException(str(error)) from error
