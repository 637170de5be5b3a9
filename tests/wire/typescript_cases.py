"""A contract with a value of every kind, and what serves it."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal, NotRequired
from uuid import UUID

from pydantic import AnyUrl, Field
from typing_extensions import TypedDict

from rawr.contract import Contract, TypedError, event_iterator, event_result, get, post, procedure
from rawr.procedure import Router, compose_routers, implement
from rawr.schema import UNDEFINED, File, Json, RegExp, Schema, Undefined, Url


class Colour(StrEnum):
    """The colours there are."""

    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Cat(Schema):
    kind: Literal["cat"]
    lives: int = 9


class Dog(Schema):
    """A dog."""

    kind: Literal["dog"]
    name: str | None = None


class Tree(Schema):
    label: str
    children: list["Tree"] = Field(default_factory=list)


class Entry(TypedDict):
    name: str
    note: NotRequired[str]


class Everything(Schema):
    """A value of every kind."""

    text: str = Field(description="Some text; it may hold */ and 'quotes'.")
    nullable: str | None
    defaulted: int = 3
    absent: str | Undefined = UNDEFINED
    absent_or_null: str | Undefined | None = UNDEFINED
    when: datetime
    day: date
    pause: timedelta
    amount: Decimal
    id: UUID
    big: Annotated[int, Field(json_schema_extra={"x-native-type": "bigint"})]
    tags: set[str]
    dates: list[datetime]
    by_number: dict[int, str]
    by_name: dict[str, Cat]
    by_colour: dict[Colour, int]
    pair: tuple[int, str]
    many: tuple[int, ...]
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    colour: Colour
    level: Level
    mixed: Literal["a", 1, True] | None
    url: Url
    site: AnyUrl
    pattern: RegExp
    anything: Json
    tree: Tree
    entry: Entry


class Upload(Schema):
    title: str
    files: list[File]


class Ref(Schema):
    id: str


class Gone(TypedError[Ref], code="GONE", status=410):
    """It's gone."""


class Teapot(TypedError[None], code="TEAPOT", status=418):
    """I'm a teapot."""


class Last(Schema):
    at: datetime


class Tick(Schema):
    at: datetime
    n: int


class Kinds(Contract, prefix="/kinds", errors=[Teapot]):
    """Values of every kind, there and back."""

    echo = post("/echo").input(Everything).output(Everything)
    find = get("/things/{id}").input(Ref).output(Tree).errors(Gone).publish()
    ticks = get("/ticks").input(Ref).streams(Tick)
    tally = get("/tally").streams(Tick, returns=Last)
    total = procedure().input(event_iterator(int)).output(int)
    upload = post("/upload").input(Upload).output(list[str])
    ping = get("/ping").route(deprecated=True)


class Root(Contract):
    kinds: Kinds


def example() -> Everything:
    """One of everything."""
    return Everything(
        text="t",
        nullable=None,
        when=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        day=date(2026, 1, 2),
        pause=timedelta(minutes=1),
        amount=Decimal("1.50"),
        id=UUID(int=1),
        big=2**70,
        tags={"x"},
        dates=[datetime(2026, 1, 1, tzinfo=UTC)],
        by_number={1: "one"},
        by_name={"tom": Cat(kind="cat")},
        by_colour={Colour.RED: 1},
        pair=(1, "b"),
        many=(1, 2),
        pet=Dog(kind="dog"),
        colour=Colour.BLUE,
        level=Level.HIGH,
        mixed=True,
        url=Url("https://example.com/"),
        site=AnyUrl("https://example.org/"),
        pattern=RegExp("a+", "i"),
        anything={"free": [1, None]},
        tree=Tree(label="root", children=[Tree(label="leaf")]),
        entry={"name": "n"},
    )


def create_router() -> Router[None]:
    """Serves `Root`."""
    os = implement(Kinds, None)

    @os.handler(Kinds.echo)
    async def echo(context: None, input: Everything) -> Everything:
        return input

    @os.handler(Kinds.find)
    async def find(context: None, input: Ref) -> Tree:
        if input.id == "pot":
            raise Teapot
        if input.id == "gone":
            raise Gone(input)
        return Tree(label=input.id)

    _bind_streams(os)

    @os.handler(Kinds.total)
    async def total(context: None, input: Any) -> int:
        return sum([item async for item in input])

    @os.handler(Kinds.upload)
    async def upload(context: None, input: Upload) -> list[str]:
        return [f"{one.name}:{len(one.content)}" for one in input.files]

    @os.handler(Kinds.ping)
    async def ping(context: None) -> None:
        return None

    return compose_routers(Root, {"kinds": os.router()})


def _bind_streams(os: Any) -> None:
    @os.stream(Kinds.ticks)
    async def ticks(context: None, input: Ref) -> AsyncIterator[Tick]:
        for n in (1, 2):
            yield Tick(at=datetime(2026, 1, n, tzinfo=UTC), n=n)

    @os.stream(Kinds.tally)
    async def tally(context: None) -> AsyncIterator[Tick]:
        yield Tick(at=datetime(2026, 1, 1, tzinfo=UTC), n=1)
        yield event_result(Last(at=datetime(2026, 1, 2, tzinfo=UTC)))
