"""Plain JSON and bracket notation judged by the real serializers."""

import json
from random import Random
from typing import Any

import pytest

from rawr.schema import UNDEFINED
from rawr.wire.openapi import OpenAPISerializer, flatten, parse_path, stringify_path, unflatten
from rawr.wire.rpc import RPCSerializer

from . import values
from .conftest import Ask

pytestmark = pytest.mark.node


def test_values_become_the_same_json(oracle: Ask) -> None:
    random = Random(10)
    samples = [values.value(random) for _ in range(3000)]
    ours = [OpenAPISerializer().encode(sample).decode() for sample in samples]
    theirs = oracle("openapi", [RPCSerializer().encode(sample).decode() for sample in samples])
    assert [answer["value"] for answer in theirs] == ours


def test_names_are_parsed_alike(oracle: Ask) -> None:
    random = Random(11)
    names = ["".join(random.choices("ab[]\\0", k=random.randrange(12))) for _ in range(20_000)]
    theirs = oracle("parsePath", names)
    wrong = [
        (n, parse_path(n), t) for n, t in zip(names, theirs, strict=True) if parse_path(n) != t
    ]
    assert wrong == []


def test_names_are_written_alike(oracle: Ask) -> None:
    random = Random(12)
    paths = [
        [
            random.choice((random.randrange(12), "".join(random.choices("a[]\\", k=3))))
            for _ in range(n % 4)
        ]
        for n in range(2000)
    ]
    assert [stringify_path(path) for path in paths] == oracle("stringifyPath", paths)


def test_forms_are_unflattened_alike(oracle: Ask) -> None:
    random = Random(13)
    names = [
        "a",
        "a[]",
        "a[0]",
        "a[2]",
        "a[01]",
        "a[b]",
        "a[][b]",
        "a[0][c]",
        "a[b][]",
        "",
        "0",
        "1",
    ]
    names += [
        "a[9999]",
        "a[10000]",
        "a[-1]",
        "[]",
        "[a]",
        "b",
        "b[length]",
        "a[0][]",
        "a[b][0]",
        "2[x]",
    ]
    forms = [
        [[random.choice(names), str(n)] for n in range(random.randrange(1, 6))]
        for _ in range(20_000)
    ]
    wrong = []
    for form, theirs in zip(forms, oracle("unflatten", forms), strict=True):
        ours = _holes_as_null(unflatten([(name, value) for name, value in form]))
        if ours != theirs:
            wrong.append((form, ours, theirs))
    assert wrong == []


def _holes_as_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _holes_as_null(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_holes_as_null(item) for item in value]
    return None if value is UNDEFINED else value


def test_values_are_flattened_alike(oracle: Ask) -> None:
    random = Random(14)
    serializer = OpenAPISerializer()
    trees = [json.loads(serializer.encode(values.value(random))) for _ in range(2000)]
    theirs = oracle("flatten", trees)
    assert [[list(pair) for pair in flatten(tree)] for tree in trees] == theirs
