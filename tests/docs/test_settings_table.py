"""The settings table of the operating guide lists what the host reads, with its defaults."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pytest
from typing_extensions import override

from rawr.host import Settings
from tests.docs.session import HQ, ROOT

PAGE = ROOT / "docs/how-to/operate-the-hq.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| `?([^`|]+?)`? \| `([^`]+)` \|", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text())
#: A tenant of the service needs the service's token.
TOKEN = {"RAWR_SERVICE_TOKEN": "a token that is long enough to be one"}


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


def test_the_table_lists_every_variable_the_host_reads() -> None:
    asked = Asked()
    settings(asked)
    assert {name for name, _, _ in ROWS} == asked.names


@pytest.mark.parametrize(("name", "default", "example"), ROWS)
def test_an_example_changes_one_setting_from_its_default(
    name: str, default: str, example: str
) -> None:
    before, after = settings(TOKEN), settings({**TOKEN, name: example})
    changed = [
        field.name
        for field in fields(Settings)
        if getattr(before, field.name) != getattr(after, field.name)
    ]
    assert len(changed) == 1, f"{name}={example} changes {changed}"
    assert written(getattr(settings({}), changed[0])) == default
