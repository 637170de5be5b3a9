from collections.abc import Mapping
from typing import Any

import pytest

from rawr.durable.api._graphql import execute
from rawr.durable.api._graphql_parse import QueryError, parse_query
from rawr.durable.domain.errors import RunNotFound


async def answer(query: str, operation: str | None = None, **variables: Any) -> Any:
    seen: list[Mapping[str, Any]] = []

    async def hero(arguments: Mapping[str, Any]) -> Any:
        seen.append(arguments)
        return {"name": "Luke", "friends": [{"name": "Han"}, None], "scores": [1, 2]}

    async def gone(_arguments: Mapping[str, Any]) -> Any:
        raise RunNotFound

    async def search(_arguments: Mapping[str, Any]) -> Any:
        return [
            {"__typename": "Human", "name": "Han", "ship": "Falcon"},
            {"__typename": "Droid", "name": "R2", "function": "repair"},
        ]

    root = {"search": search, "hero": hero, "gone": gone, "version": 3}
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
            "b": [1],
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
    assert errors == [
        {
            "message": RunNotFound.__doc__,
            "path": ["g"],
            "extensions": {"code": "run_not_found"},
        }
    ]


@pytest.mark.parametrize(
    "query",
    [
        "{ search { name ... on Human { ship } ... on Droid { function } } }",
        "{search{name ...H ...D}} fragment H on Human {ship} fragment D on Droid {function}",
        "fragment H on Human { ship } { search { ... { name } ...H ... on Droid { function } } }",
    ],
)
async def test_fragments_are_for_objects_of_their_type(query: str) -> None:
    data, errors, _ = await answer(query)
    assert errors == []
    assert data["search"] == [
        {"name": "Han", "ship": "Falcon"},
        {"name": "R2", "function": "repair"},
    ]


async def test_objects_name_their_types() -> None:
    data, _, _ = await answer("{ __typename search { __typename } }")
    assert data["__typename"] == "Query"
    assert data["search"] == [{"__typename": "Human"}, {"__typename": "Droid"}]


async def test_mutations_are_told_from_queries() -> None:
    assert parse_query("mutation M($a: ID!) { cancel(id: $a) { id } }").is_mutation
    assert not parse_query("query { a }").is_mutation


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
        ("subscription { version }", "Only queries and mutations"),
        ("{ ...F }", 'Unknown fragment "F"'),
        ("{ ...F } fragment F on Query { ...F }", "at most 500 fields"),
        ("{ ... @include(if: true) { version } }", "Directives"),
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
