"""Templates to text: lines kept or left out, names put in, imports laid out."""

from collections.abc import Collection, Iterator, Mapping
from string import Template
from typing import Final

from ._layout import lay_out

_DIRECTIVE: Final = "%% "


def render(template: str, names: Mapping[str, str], conditions: Collection[str] = ()) -> str:
    """Fill in a template.

    `%% if CONDITION`, `%% else` and `%% end` stand on lines of their own and may be nested.
    Placeholders are those of `string.Template`.

    Raises:
        KeyError: A placeholder has no name.
    """
    kept = "\n".join(_kept(template, conditions))
    lines = Template(kept).substitute(names).splitlines()
    return "".join(f"{lay_out(line)}\n" for line in lines)


def _kept(template: str, conditions: Collection[str]) -> Iterator[str]:
    enclosing: list[bool] = []
    for line in template.splitlines():
        if not line.startswith(_DIRECTIVE):
            if all(enclosing):
                yield line
            continue
        match line.removeprefix(_DIRECTIVE).split():
            case ["if", condition]:
                enclosing.append(condition in conditions)
            case ["else"]:
                enclosing[-1] = not enclosing[-1]
            case ["end"]:
                enclosing.pop()
            case _:
                raise ValueError(f"no directive: {line}")
