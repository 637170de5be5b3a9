from collections.abc import Mapping
from typing import Any

import pytest

from rawr.durable.api._graphql import QueryError, execute, parse_query
from rawr.durable.domain.errors import RunNotFound


async def answer(query: str, operation: str | None = None, **variables: Any) -> Any:
    seen: list[Mapping[str, Any]] = []

    async def hero(arguments: Mapping[str, Any]) -> Any:
        seen.append(arguments)
        return {"name": "Luke", "friends": [{"name": "Han"}, None], "scores": [1, 2]}

    async def gone(_arguments: Mapping[str, Any]) -> Any:
        raise RunNotFound

    root = {"hero": hero, "gone": gone, "version": 3}
    data, errors = await execute(root, parse_query(query, operation), variables)
    return data, errors, seen


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ version }", {"version": 3}),
        ("query { v: version }", {"v": 3}),
        ("query Q { hero { name scores } }", {"hero": {"name": "Luke", "scores": [1, 2]}}),
        ("{ hero { friends { name } } }", {"hero": {"friends": [{"name": "Han"}, None]}}),
        ("# comment\n{ version, # more\n }", {"version": 3}),
    ],
)
async def test_selects_fields(query: str, expected: object) -> None:
    data, errors, _ = await answer(query)
    assert (data, errors) == (expected, [])


async def test_passes_arguments_of_every_form() -> None:
    query = (
        "query Q($a: String!, $b: [Int!] = [1], $c: ID) { hero(a: $a, b: $b, n: -1.5e3, t: true, "
        'nothing: null, e: DESC, s: "x\\"\\u00e9", l: [1, $a], o: {k: $c, d: {}}) { name } }'
    )
    _, _, seen = await answer(query, a="A", c="C")
    assert seen == [
        {
            "a": "A",
            "b": None,
            "n": -1500.0,
            "t": True,
            "nothing": None,
            "e": "DESC",
            "s": 'x"\u00e9',
            "l": [1, "A"],
            "o": {"k": "C", "d": {}},
        }
    ]


async def test_the_named_operation_is_answered() -> None:
    document = "query A { version } query B { w: version }"
    assert (await answer(document, "B"))[0] == {"w": 3}
    with pytest.raises(QueryError, match="operationName"):
        await answer(document)
    with pytest.raises(QueryError, match="operationName"):
        await answer(document, "C")


async def test_a_field_that_cannot_be_resolved_is_null_beside_the_others() -> None:
    data, errors, _ = await answer("{ g: gone { id } version }")
    assert data == {"g": None, "version": 3}
    assert errors == [{"message": RunNotFound.__doc__, "path": ["g"]}]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "empty"),
        ("{", "ends too early"),
        ("{ }", "Expected a name"),
        ("{ version", "ends too early"),
        ("{ nope }", 'Cannot query field "nope"'),
        ("{ hero }", "must have a selection"),
        ("{ version { x } }", "no subfields"),
        ("{ hero { nope } }", 'Cannot query field "nope" on "hero"'),
        ("mutation { version }", "Only queries"),
        ("{ ...F }", "Fragments"),
        ("{ version @skip(if: true) }", "Directives"),
        ("{ version(a 1) }", "Expected ':'"),
        ("{ hero(a: }) { name } }", "Expected a value"),
        ("{ hero(a: 01) { name } }", "Expected"),
        ('{ hero(a: "\\q") { name } }', "is not a value"),
        ("{ version ; }", "does not belong"),
        ("query Q($a) { version }", "Expected ':'"),
        ("{ a " * 13 + "}" * 13, "nest at most"),
        ("{ version(a: " + "[" * 13 + "]" * 13 + ") }", "nest at most"),
        ("{ " + "version " * 501 + "}", "at most 500 fields"),
        ("{ version }" + " " * 16_384, "at most 16384 characters"),
    ],
)
async def test_what_is_not_supported_is_refused(query: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        await answer(query)
