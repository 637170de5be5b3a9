"""RPC payloads judged by the real serializer."""

import json
from random import Random
from typing import Any

import pytest

from rawr.schema import RegExp
from rawr.wire import DecodeError, dump_json
from rawr.wire.rpc import RPCSerializer

from . import values
from .conftest import Ask

pytestmark = pytest.mark.node

SERIALIZER = RPCSerializer()


def test_javascript_reads_and_rewrites_our_payloads_byte_for_byte(oracle: Ask) -> None:
    random = Random(1)
    payloads = [SERIALIZER.encode(values.value(random)).decode() for _ in range(4000)]
    answers = oracle("rpcRoundTrip", payloads)
    wrong = [
        (ours, theirs)
        for ours, theirs in zip(payloads, answers, strict=True)
        if theirs.get("value") != ours
    ]
    assert wrong == []


def test_javascript_hands_back_what_we_sent_it(oracle: Ask) -> None:
    random = Random(2)
    payloads = [SERIALIZER.encode(values.value(random)).decode() for _ in range(4000)]
    sent = [values.canonical(SERIALIZER.decode(text)) for text in payloads]
    theirs = [answer["value"] for answer in oracle("rpcRoundTrip", payloads)]
    assert [values.canonical(SERIALIZER.decode(text)) for text in theirs] == sent


def test_we_accept_exactly_the_tag_paths_and_types_javascript_accepts(oracle: Ask) -> None:
    random = Random(3)
    payloads = [json.dumps(_tampered(random)) for _ in range(6000)]
    wrong = []
    for text, theirs in zip(payloads, oracle("rpcRoundTrip", payloads), strict=True):
        if _accepts(text) != ("value" in theirs):
            wrong.append((text, theirs))
    assert wrong == []


def _tampered(random: Random) -> dict[str, Any]:
    leaves: list[Any] = ["1", "x", None, 1, True, "https://x.y/", "/a/g", "/a/gg", [], [[1, 2]], {}]
    leaves += ["2020-01-01T00:00:00.000Z", "-5", "007", "/a/uv", "://", "9" * 4300, "9" * 4301]
    tree: dict[str, Any] = {
        "a": random.choice(leaves),
        "b": [random.choice(leaves), random.choice(leaves)],
        "c": {"d": random.choice(leaves)},
    }
    paths: list[list[Any]] = [[], ["a"], ["b"], ["b", 0], ["b", 1], ["b", "1"], ["c", "d"]]
    paths += [
        ["b", 2],
        ["b", -1],
        ["z"],
        ["c", "__proto__"],
        ["a", 0],
        ["b", "length"],
        ["b", 0, 0],
    ]
    paths += [["b", "01"], ["c", "constructor"]]
    # Dates are left to their own test: JavaScript takes any text as a date.
    tags: list[Any] = [0, 2, 3, 4, 5, 6, 7, 8, -1, 20, "date"]
    meta = [[random.choice(tags), *random.choice(paths)] for _ in range(random.randrange(1, 4))]
    return {"json": tree, "meta": meta}


def _accepts(text: str) -> bool:
    try:
        SERIALIZER.decode(text)
    except DecodeError:
        return False
    return True


def test_numbers_are_written_as_javascript_writes_them(oracle: Ask) -> None:
    random = Random(4)
    numbers = [values.finite_number(random) for _ in range(3000)]
    numbers += [
        random.uniform(1, 10) * 10.0**exponent for exponent in range(-30, 40) for _ in "abc"
    ]
    ours = [
        json.loads(SERIALIZER.encode(number), parse_float=str, parse_int=str) for number in numbers
    ]
    theirs = oracle("number", [repr(number) for number in numbers])
    assert [payload["json"] for payload in ours] == theirs


def test_text_is_escaped_as_javascript_escapes_it(oracle: Ask) -> None:
    samples = [chr(code) for code in range(0x800) if not 0xD800 <= code < 0xE000]
    samples += ["\u2028\u2029\ufeff😀"]
    assert [dump_json(text).decode() for text in samples] == oracle("string", samples)


@pytest.mark.parametrize(
    "source", ["", "a", "a/b", r"a\/b", "[/]", r"[\]/]/", "a\nb", "\r\u2028\u2029", r"\\/", r"\n"]
)
def test_expressions_are_written_as_javascript_writes_them(oracle: Ask, source: str) -> None:
    payload = SERIALIZER.serialize(RegExp(source, "gi"))
    assert payload["json"] == oracle("regexp", [[source, "gi"]])[0]
