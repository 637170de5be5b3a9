import pytest

from rawr.scaffold._layout import lay_out
from rawr.scaffold._render import render

TEMPLATE = """\
%% if both
both
%% else
%% if api
api
%% end
%% if workflow
workflow
%% end
%% end
$name
"""


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ({"api"}, "api\nx\n"),
        ({"workflow"}, "workflow\nx\n"),
        ({"api", "workflow", "both"}, "both\nx\n"),
        (set[str](), "x\n"),
    ],
)
def test_lines_are_kept_by_their_conditions(conditions: set[str], text: str) -> None:
    assert render(TEMPLATE, {"name": "x"}, conditions) == text


def test_a_placeholder_without_a_name_is_an_error() -> None:
    with pytest.raises(KeyError, match="name"):
        render("$name\n", {})


def test_an_unknown_directive_is_an_error() -> None:
    with pytest.raises(ValueError, match="%% unless"):
        render("%% unless api\n", {})


def test_an_empty_template_stays_empty() -> None:
    assert render("", {}) == ""


def test_imported_names_are_sorted_by_kind() -> None:
    line = "from x import zeta, Beta, READ, Alpha"
    assert lay_out(line) == "from x import READ, Alpha, Beta, zeta"


def test_a_long_import_has_a_name_on_each_line() -> None:
    module = "packages." + "m" * 80
    assert lay_out(f"from {module} import B, a") == f"from {module} import (\n    B,\n    a,\n)"


def test_exports_are_laid_out_like_imports() -> None:
    assert lay_out('__all__ = ["b", "A"]') == '__all__ = ["A", "b"]'
    long = "N" * 90
    assert lay_out(f'__all__ = ["b", "{long}"]') == f'__all__ = [\n    "{long}",\n    "b",\n]'


def test_a_long_signature_breaks_at_its_parameters() -> None:
    name = "n" * 60
    assert lay_out(f"    def {name}(first: X[A], second: Y) -> Z[{'r' * 20}]:") == (
        f"    def {name}(\n        first: X[A], second: Y\n    ) -> Z[{'r' * 20}]:"
    )


def test_the_only_parameter_on_a_line_of_its_own_has_a_comma() -> None:
    name = "n" * 80
    assert lay_out(f"def {name}(first: X) -> None:") == (f"def {name}(\n    first: X,\n) -> None:")


def test_parameters_that_fit_no_line_get_one_each() -> None:
    first, second = f"first: {'A' * 50}", f"second: {'B' * 50}"
    assert lay_out(f"def f({first}, {second}) -> None:") == (
        f"def f(\n    {first},\n    {second},\n) -> None:"
    )


def test_a_long_call_breaks_at_its_last_parentheses() -> None:
    name = "n" * 80
    assert lay_out(f"x = f({name}).use(g(1), [2, 3])") == f"x = f({name}).use(\n    g(1), [2, 3]\n)"
