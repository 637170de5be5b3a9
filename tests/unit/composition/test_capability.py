from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.composition.kit import capability

from rawr.composition import (
    CompositionError,
    compose_capabilities,
    define_capability,
    define_web_surface,
)


@pytest.mark.parametrize(
    "name", ["", "Invoicing", "in-voicing", "in voicing", "1st", "_x", "a/b", "a.b", "é", "a" * 64]
)
def test_a_name_that_is_no_plain_identifier_is_refused(name: str) -> None:
    with pytest.raises(CompositionError, match="lower-case name"):
        capability(name, prefix="/any")


@pytest.mark.parametrize("name", ["a", "invoicing", "accounts_payable", "v2"])
def test_plain_identifiers_are_names(name: str) -> None:
    assert capability(name).name == name


def test_the_name_of_a_route_family_is_refused() -> None:
    with pytest.raises(CompositionError, match="capability workflows: /rpc/workflows"):
        capability("workflows", prefix="/any")


def test_a_capability_without_a_surface_is_refused() -> None:
    with pytest.raises(CompositionError, match="alpha: give it an api or a workflows surface"):
        define_capability("alpha", provide=lambda _ports: None)


def test_declaring_a_capability_binds_nothing() -> None:
    def provide(_ports: object) -> str:
        raise AssertionError("bound too early")

    small = capability()
    define_capability("beta", provide=provide, api=small.api, workflows=small.workflows)


def test_a_web_plugin_is_declared_without_looking_for_its_files(tmp_path: Path) -> None:
    surface = define_web_surface(title="Alpha", directory=tmp_path / "nowhere" / "dist")
    assert surface.source == tmp_path / "nowhere"
    small = capability()
    manifest = compose_capabilities([replace(small, web=surface)])
    assert manifest.web == {small.name: surface}
    assert compose_capabilities([small]).web == {}


def test_a_web_plugin_alone_is_no_capability(tmp_path: Path) -> None:
    surface = define_web_surface(title="Alpha", directory=tmp_path)
    with pytest.raises(CompositionError, match="give it an api or a workflows surface"):
        define_capability("alpha", provide=lambda _ports: None, web=surface)
