"""Writes docs/api.md: every public name of the boundary layers, and what it is.

`python -m tools.api_page` writes it; tests/docs says when it is out of date.
"""

import ast
import importlib
import inspect
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/api.md"
PACKAGES = (
    *("rawr.schema", "rawr.contract", "rawr.procedure", "rawr.http", "rawr.http.plugins"),
    *("rawr.client", "rawr.openapi", "rawr.typescript", "rawr.wire.rpc", "rawr.wire.openapi"),
)
HEAD = """# The API of the boundary

Every public name, by the package to import it from. `help(name)` in Python says more, by example.
How to use them: [Write contracts and procedures](how-to/write-contracts-and-procedures.md),
[Serve routers over HTTP](how-to/serve-routers-over-http.md),
[Call procedures from Python](how-to/call-procedures-from-python.md),
[Describe an API with OpenAPI](how-to/describe-an-api.md).
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *map(_section, PACKAGES)])


def _section(package: str) -> str:
    module = importlib.import_module(package)
    words = {name: words for file in _files(module) for name, words in _told(file)}
    rows = (
        f"| `{name}` | {_summary(getattr(module, name), words.get(name))} |"
        for name in _names(module)
    )
    about = (module.__doc__ or "").partition("\n")[0]
    return "\n".join([f"## {package}\n", f"{about}\n", "| name | is |", "|---|---|", *rows, ""])


def _names(module: ModuleType) -> list[str]:
    names: list[str] = module.__all__
    return names


def _files(module: ModuleType) -> Iterator[Path]:
    """The modules of a package, and of the packages it takes names from."""
    for folder in (
        ROOT / "src/rawr/schema",
        ROOT / "src/rawr/contract",
        *map(Path, module.__path__),
    ):
        yield from sorted(folder.glob("*.py"))


def _told(file: Path) -> Iterator[tuple[str, str]]:
    """What the text under an assignment says of the name."""
    body = ast.parse(file.read_text()).body
    for assigned, text in pairwise(body):
        match assigned, text:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                yield name, words


def _summary(value: object, told: str | None) -> str:
    is_described = inspect.isclass(value) or inspect.isfunction(value)
    words = told or (inspect.getdoc(value) if is_described else None) or f"`{value!r}`"
    sentence = " ".join(words.split("\n\n", 1)[0].split())
    return sentence.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
