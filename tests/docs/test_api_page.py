"""The page of public names is what the packages say of themselves."""

from tools.api_page import PAGE, page


def test_the_page_lists_every_public_name() -> None:
    assert PAGE.read_text() == page(), "run: python -m tools.api_page"


def test_every_name_says_what_it_is() -> None:
    bare = [line for line in page().splitlines() if line.endswith("` |") and line.count("`") == 4]
    assert bare == []
