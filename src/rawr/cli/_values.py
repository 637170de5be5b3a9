"""Values of options that click alone would let through, to fail later and without a word."""

import math
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import click
from typing_extensions import override

if TYPE_CHECKING:
    _OfFloat: TypeAlias = click.ParamType[float]
    _OfText: TypeAlias = click.ParamType[str]
else:  # early releases of click 8 know no parameter here
    _OfFloat = _OfText = click.ParamType


class Duration(_OfFloat):
    """A number of seconds or days, from a least to a greatest one."""

    name = "number"

    def __init__(self, *, least: float = 0, greatest: float) -> None:
        self._least = least
        self._greatest = greatest

    @override
    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; nothing that is none, and no infinity."""
        try:
            number = float(str(value))
        except ValueError:
            number = math.nan
        if not self._least <= number <= self._greatest:
            self.fail(
                f"{value!r} is not a number from {self._least:g} to {self._greatest:g}", param, ctx
            )
        return number


class WebAddress(_OfText):
    """A URL of HTTP, with a host."""

    name = "url"

    @override
    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """The URL as it was given."""
        text = str(value)
        try:
            parts = urlsplit(text)
            is_one = parts.scheme in ("http", "https") and bool(parts.hostname)
            _ = parts.port  # parsed where it is read
        except ValueError:
            is_one = False
        if not is_one:
            self.fail(f"{text!r} is not an address such as http://127.0.0.1:8000", param, ctx)
        return text
