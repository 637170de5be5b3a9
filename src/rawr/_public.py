"""How exported names look to those who use them."""

from collections.abc import Mapping


def show_errors(package: str, names: Mapping[str, object]) -> None:
    """Let a package's errors be called what their users import: `rawr.contract.ORPCError`.

    Only errors: their module is what tracebacks and logs print. Other classes keep theirs,
    where annotations are resolved and sources are found.
    """
    for value in names.values():
        if (
            isinstance(value, type)
            and issubclass(value, BaseException)
            and value.__module__.startswith(f"{package}.")
        ):
            value.__module__ = package
