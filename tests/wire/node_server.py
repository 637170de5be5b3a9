"""A real oRPC server on Node, and the contract of its fixture procedures."""

import datetime as dt
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.node_peer import NODE_DIRECTORY, node_path, peers_installed

from rawr.contract import (
    Contract,
    TypedError,
    delete,
    get,
    post,
    procedure,
    put,
)
from rawr.schema import File, Schema, SchemaMode


class Whatever:
    """A schema that takes values as the wire gives them."""

    def validate(self, value: object) -> Any:
        return value

    def dump(self, value: Any) -> object:
        return value

    def json_schema(
        self, mode: SchemaMode = "input", *, ref_template: str = ""
    ) -> dict[str, object]:
        return {}


ANY = Whatever()


class Number(Schema):
    n: int


class Kind(Schema):
    kind: str
    from_: int | None = None


class Failures(Schema):
    failures: int


class Due(Schema):
    amt: int
    due: dt.datetime | None = None


class Payment(TypedError[Due], code="PAYMENT", status=402):
    """Pay."""


class Forbidden(TypedError[None], code="FORBIDDEN"):
    """Not allowed."""


class Planets(Contract):
    find = get("/planets/{id}").input(ANY).output(ANY)
    create = post("/planets").input(ANY).output(ANY)
    update = put("/planets/{id}").input(ANY).output(ANY)
    rest = get("/files/{+path}").input(ANY).output(ANY)
    detailed = (
        post("/detailed/{id}")
        .route(input_structure="detailed", output_structure="detailed")
        .input(ANY)
        .output(ANY)
    )
    moved = get("/moved").route(output_structure="detailed").output(ANY)
    file = get("/file").output(File)
    empty = delete("/planets/{id}").input(ANY)


class Deep(Contract):
    deep = procedure().output(str)


class Fixtures(Contract, errors=[Payment, Forbidden]):
    planet: Planets
    echo = procedure().input(ANY).output(ANY)
    describe = procedure().input(ANY).output(ANY)
    values = procedure().output(ANY)
    nothing = procedure()
    validate = procedure().input(ANY).output(int)
    bad_output = procedure().output(str)
    plain_error = procedure().output(str)
    orpc_error = procedure().input(str).output(str)
    stream = procedure().input(Kind).streams(Number)
    file = procedure().input(File).output(File)
    nested_file = procedure().input(ANY).output(ANY)
    slow = procedure().output(str)
    getme = get().input(ANY).output(ANY)
    inspect = procedure().output(ANY)
    events = procedure().output(list[str])
    collect = procedure().input(ANY).output(ANY)
    flaky = procedure().input(Failures).output(int)
    missing = procedure().output(str)


@contextmanager
def running_server() -> Iterator[str]:
    """Start the server; gives its URL, without a path."""
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    with subprocess.Popen(
        [node_path(), "peers/server.mjs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=NODE_DIRECTORY,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = json.loads(process.stdout.readline())["port"]
            yield f"http://127.0.0.1:{port}"
        finally:
            process.stdin.close()
            process.wait(10)


@pytest.fixture(scope="module")
def node_server() -> Iterator[str]:
    with running_server() as url:
        yield url
