"""The settings table of the operating guide lists what the host reads, with its defaults."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from typing_extensions import override

from rawr.host import Settings
from tests.docs.session import HQ, ROOT

PAGE = ROOT / "docs/how-to/operate-the-hq.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| `?([^`|]+?)`? \| `([^`]+)` \|", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text())
#: A tenant of the service needs the service's token, an Inngest server its keys or `INNGEST_DEV`.
NEEDED = {
    "RAWR_SERVICE_TENANT": {"RAWR_SERVICE_TOKEN": "a token that is long enough to be one"},
    "RAWR_ENGINE": {"INNGEST_DEV": "1"},
}


class Asked(Mapping[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    @override
    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(())

    @override
    def __len__(self) -> int:
        return 0


def settings(environ: Mapping[str, str]) -> Settings:
    return Settings.from_environment(HQ, mode="development", environ=environ)


def written(value: object) -> str:
    match value:
        case Path():
            return str(value).replace(str(HQ), "<hq>")
        case None | ():
            return "none"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def values(of: object) -> dict[str, object]:
    """What settings hold, by dotted name."""
    found: dict[str, object] = {}
    for field in fields(of):  # type: ignore[arg-type]  # settings, and those inside them
        value = getattr(of, field.name)
        if is_dataclass(value):
            found |= {f"{field.name}.{name}": one for name, one in values(value).items()}
        else:
            found[field.name] = value
    return found


def test_the_table_lists_every_variable_the_host_reads() -> None:
    asked = Asked()
    settings(asked)
    assert {name for name, _, _ in ROWS} == asked.names


@pytest.mark.parametrize(("name", "default", "example"), ROWS)
def test_an_example_changes_one_setting_from_its_default(
    name: str, default: str, example: str
) -> None:
    needed = NEEDED.get(name, {})
    before, after = values(settings(needed)), values(settings({**needed, name: example}))
    changed = [one for one, value in before.items() if value != after[one]]
    assert len(changed) == 1, f"{name}={example} changes {changed}"
    assert written(values(settings({}))[changed[0]]) == default
