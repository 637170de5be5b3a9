import pytest
from tests.unit.composition.kit import capability

from rawr.composition import CompositionError, define_capability


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
