"""@orpc/tanstack-query on our server: queries, mutations, pages and streams."""

import datetime as dt
from collections.abc import AsyncIterator

import pytest
from tests.node_peer import ask_node, peers_installed
from tests.wire.serving import serving

from rawr.contract import Contract, TypedError, get, post
from rawr.http import RPCHandler
from rawr.procedure import Router, implement
from rawr.schema import Schema

pytestmark = pytest.mark.node

PAGE = 2
NOW = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)


class Note(Schema):
    text: str
    at: dt.datetime


class Cursor(Schema):
    cursor: int


class Page(Schema):
    items: list[Note]
    next: int | None


class Count(Schema):
    count: int


class Reason(Schema):
    reason: str


class EmptyNote(TypedError[Reason], code="EMPTY_NOTE", status=422):
    """A note needs a text."""


class Notes(Contract):
    list = get("/notes").input(Cursor).output(Page)
    add = post("/notes").input(Note).output(Note).errors(EmptyNote)
    watch = get("/notes/watch").input(Count).streams(int)


class Api(Contract):
    notes: Notes


def router() -> Router[None]:
    os, notes = implement(Api), implement(Notes)
    stored = [Note(text="first", at=NOW), Note(text="second", at=NOW)]

    @notes.handler(Notes.list)
    async def listed(_context: None, input: Cursor) -> Page:
        end = input.cursor + PAGE
        return Page(items=stored[input.cursor : end], next=end if end < len(stored) else None)

    @notes.handler(Notes.add)
    async def add(_context: None, input: Note) -> Note:
        if not input.text:
            raise EmptyNote(Reason(reason="no text"))
        stored.insert(0, input)
        return input

    @notes.stream(Notes.watch)
    async def watch(_context: None, input: Count) -> AsyncIterator[int]:
        for number in range(input.count):
            yield number

    return os.router(notes=notes.router())


def test_tanstack_query_drives_our_server() -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    with serving(RPCHandler(router()).asgi(prefix="/rpc")) as base_url:
        seen = ask_node("peers/tanstack.mjs", {"baseUrl": base_url})
    assert seen == {
        "before": ["first", "second"],
        "added": {"text": "third", "isDate": True},
        "isStale": True,
        "after": ["third", "first"],
        "infinite": [["third", "first"], ["second"]],
        "streamed": [0, 1, 2],
        "live": 2,
        "refused": {"code": "EMPTY_NOTE", "isDefined": True, "data": {"reason": "no text"}},
    }
