"""Authoring judged by the real builder: order around validation, dedupe, merging."""

import math
from random import Random
from typing import Any

import pytest
from tests.node_peer import ask_node

from rawr.contract import TypedError
from rawr.procedure import Call, Next, Router, call, procedures

pytestmark = pytest.mark.node

CASES = 1500
INDEXES: dict[object, float] = {"first": -math.inf, "never": math.nan}
MESSAGES = {
    code: {
        message: type(message, (TypedError,), {"__doc__": message}, code=code)
        for message in ("one", "two", "three")
    }
    for code in ("GONE", "LOST")
}


class Noting:
    """A schema that notes when it is asked, and takes everything."""

    def __init__(self, log: list[str], name: str) -> None:
        self._log = log
        self._name = name

    def validate(self, value: object) -> object:
        self._log.append(self._name)
        return value

    def dump(self, value: object) -> object:
        return value

    def json_schema(self, mode: str = "input", *, ref_template: str = "") -> dict[str, object]:
        return {}


def random_case(random: Random) -> dict[str, Any]:
    index = [0, 0, 0, 1, 2, -1, "first", "never"]
    return {
        "config": {
            "input": random.choice(index),
            "output": random.choice(index),
            "dedupe": random.random() < 0.7,
        },
        "steps": random_steps(random, ["use", "use", "input", "output", "errors", "path", "tag"]),
        "routers": [
            {
                "steps": random_steps(random, ["use", "use", "errors"], most=3),
                "prefix": random.choice(["", "", "/outer", "/a/{b}"]),
                "tags": random.sample(["x", "y", "z"], random.randint(0, 2)),
            }
            for _ in range(random.randint(0, 2))
        ],
    }


def random_steps(random: Random, kinds: list[str], most: int = 7) -> list[Any]:
    values: dict[str, Any] = {
        "use": lambda: random.choice("abc"),
        "input": lambda: None,
        "output": lambda: None,
        "errors": lambda: [random.choice(list(MESSAGES)), random.choice(["one", "two", "three"])],
        "path": lambda: random.choice(["/p", "/p/{q}"]),
        "tag": lambda: random.sample(["t", "u"], random.randint(1, 2)),
    }
    chosen = (random.choice(kinds) for _ in range(random.randint(0, most)))
    return [[kind, values[kind]()] for kind in chosen]


def middleware_of(log: list[str], made: dict[str, Any], name: str) -> Any:
    async def middleware(call: Call[frozenset[str]], next: Next[frozenset[str]]) -> object:
        log.append(f"{name} in {''.join(sorted(call.context))}")
        output = await next(call.with_context(call.context | {name}))
        log.append(f"{name} out")
        return output

    return made.setdefault(name, middleware)


def built(builder: Any, steps: list[Any], log: list[str], made: dict[str, Any]) -> Any:
    for kind, value in steps:
        if kind == "use":
            builder = builder.use(middleware_of(log, made, value))
        elif kind == "input":
            builder = builder.input(Noting(log, "INPUT"))
        elif kind == "output":
            builder = builder.output(Noting(log, "OUTPUT"))
        elif kind == "errors":
            builder = builder.errors(MESSAGES[value[0]][value[1]])
        elif kind == "path":
            builder = builder.route(path=value)
        else:
            builder = builder.route(tags=tuple(value))
    return builder


async def our_answer(case: dict[str, Any]) -> dict[str, Any]:
    log: list[str] = []
    made: dict[str, Any] = {}
    config = case["config"]
    start = procedures(
        frozenset,
        initial_input_validation_index=INDEXES.get(config["input"], config["input"]),
        initial_output_validation_index=INDEXES.get(config["output"], config["output"]),
        dedupe_leading_middlewares=config["dedupe"],
    )
    takes_input = any(kind == "input" for kind, _ in case["steps"])

    async def plain(context: frozenset[str]) -> str:
        log.append(f"handler {''.join(sorted(context))}")
        return "output"

    async def with_input(context: frozenset[str], input: object) -> str:
        return await plain(context)

    builder: Any = built(start, case["steps"], log, made)
    procedure = builder.handler(with_input if takes_input else plain)
    for around in case["routers"]:
        outer: Any = built(start, around["steps"], log, made)
        router: Router[Any] = outer.router(
            {"nested": procedure}, prefix=around["prefix"], tags=around["tags"]
        )
        procedure = router.procedures["nested"]
    given = ("input",) if takes_input else ()
    output = await call(procedure, *given, context=frozenset())
    definition = procedure.definition
    return {
        "log": log,
        "output": output,
        "path": definition.route.path,
        "tags": list(definition.route.tags),
        "errors": {code: error.default_message for code, error in definition.errors.items()},
    }


async def test_what_we_author_behaves_as_what_the_real_builder_makes() -> None:
    random = Random(5)
    cases = [random_case(random) for _ in range(CASES)]
    theirs = ask_node("authoring.mjs", cases)
    wrong = [
        (case, ours, real)
        for case, real in zip(cases, theirs, strict=True)
        if (ours := await our_answer(case)) != real
    ]
    assert wrong == []
