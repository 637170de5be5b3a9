"""Values of the wire that Python has no type for, and the package itself."""

import copy
import pickle
import re
import subprocess
import sys

import pytest

import rawr.schema
from rawr.schema import UNDEFINED, File, Issue, RegExp, SchemaError, Undefined, Url


def test_public_names_are_sorted_and_exist() -> None:
    names = rawr.schema.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert all(hasattr(rawr.schema, name) for name in names)


def test_other_names_do_not_exist() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Scheme'"):
        _ = rawr.schema.Scheme  # type: ignore[attr-defined]  # what is tested


@pytest.mark.parametrize("module", ["rawr.schema", "rawr.contract"])
def test_importing_does_not_import_schema_libraries(module: str) -> None:
    program = f"import sys, {module}; print({{'pydantic', 'msgspec'}} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "set()"


def test_undefined_is_one_thing_and_false() -> None:
    assert not UNDEFINED
    assert repr(UNDEFINED) == "UNDEFINED"
    assert copy.deepcopy(UNDEFINED) is UNDEFINED
    assert pickle.loads(pickle.dumps(UNDEFINED)) is UNDEFINED
    assert isinstance(UNDEFINED, Undefined)
    assert UNDEFINED != None  # noqa: E711 - null is another value


def test_a_regexp_is_compiled_when_asked_for() -> None:
    expression = RegExp("A.b$", "ims")
    assert expression.pattern.flags & (re.IGNORECASE | re.MULTILINE | re.DOTALL)
    assert expression.pattern.search("x\na\nB\ny")
    assert expression.pattern is expression.pattern
    assert str(expression) == "/A.b$/ims"


def test_a_regexp_python_cannot_express_is_still_a_value() -> None:
    expression = RegExp("(?<name>x)\\k<name>(", "u")
    assert RegExp("(?<name>x)\\k<name>(", "u") == expression
    with pytest.raises(re.error):
        _ = expression.pattern


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        (File(b"x"), File(b"x", "", "blob"), File(b"x", "text/plain")),
        (RegExp("a"), RegExp("a", ""), RegExp("a", "i")),
    ],
    ids=["file", "regexp"],
)
def test_values_are_compared_and_hashed_by_content(
    one: object, same: object, other: object
) -> None:
    assert one == same
    assert one != other
    assert one != "text"
    assert len({one, same, other}) == 2
    assert copy.copy(one) == pickle.loads(pickle.dumps(one)) == one


def test_values_of_two_types_differ() -> None:
    assert RegExp("a", "b") != File(b"a", "b")


@pytest.mark.parametrize("value", [File(b"x"), RegExp("a")], ids=["file", "regexp"])
def test_values_are_immutable(value: object) -> None:
    with pytest.raises(AttributeError, match="immutable"):
        value.name = "x"  # type: ignore[attr-defined]  # what is tested


def test_values_show_what_they_are() -> None:
    assert repr(File(b"x", "t/p", "n")) == "File(content=b'x', media_type='t/p', name='n')"
    assert repr(RegExp("a", "i")) == "RegExp(source='a', flags='i')"


def test_values_can_be_matched() -> None:
    match File(b"x", "text/plain", "n"):
        case File(content, media_type, name):
            assert (content, media_type, name) == (b"x", "text/plain", "n")


def test_a_url_is_text() -> None:
    assert Url("https://x.y/") == "https://x.y/"


def test_an_issue_without_code_or_path_says_only_what_is_known() -> None:
    assert Issue("bad").to_wire() == {"message": "bad", "path": []}
    assert str(SchemaError([Issue("bad"), Issue("worse", ("a", 0))])) == "bad; a.0: worse"
