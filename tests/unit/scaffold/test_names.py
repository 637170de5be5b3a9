import pytest

from rawr.scaffold import CapabilityName, InvalidName, hq_files


@pytest.mark.parametrize("name", ["a", "shipping", "order_intake", "tier2", "a" * 24])
def test_a_plain_name_is_taken_as_it_is(name: str) -> None:
    assert CapabilityName.parse(name).snake == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "Shipping", "order-intake", "2nd", "_private", "trailing_", "two__words", "über"),
        *("a b", "a.b", "../up", "a\n", "a" * 25),
    ],
)
def test_what_is_no_short_identifier_is_refused(name: str) -> None:
    with pytest.raises(InvalidName, match="use"):
        CapabilityName.parse(name)


@pytest.mark.parametrize("name", ["class", "async", "list", "rawr", "workflows", "principal"])
def test_a_name_that_means_something_already_is_refused(name: str) -> None:
    with pytest.raises(InvalidName, match=f"'our_{name}'"):
        CapabilityName.parse(name)


def test_a_name_has_a_form_for_classes_and_one_for_paths() -> None:
    name = CapabilityName.parse("order_intake2")
    assert (name.pascal, name.kebab) == ("OrderIntake2", "order-intake2")


@pytest.mark.parametrize("name", ["acme", "acme-hq", "acme_2"])
def test_an_hq_has_a_plain_name_too(name: str) -> None:
    assert f'name = "{name}"' in hq_files(name)["pyproject.toml"]


@pytest.mark.parametrize("name", ["", "Acme", "acme/hq", "-acme", 'a"b', "a b"])
def test_an_hq_name_with_anything_else_is_refused(name: str) -> None:
    with pytest.raises(InvalidName, match="cannot name an HQ"):
        hq_files(name)
