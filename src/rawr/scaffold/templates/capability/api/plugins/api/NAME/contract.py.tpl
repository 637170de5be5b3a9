"""The API boundary of $name, in words of its own."""

from rawr.contract import Contract, get, post
from rawr.schema import Schema

from packages.$name.domain.item import Title
from packages.$name.errors import Forbidden, ItemNotFound, ItemRef, Unauthorized


class NewItem(Schema):
    """The item to keep; one with the same title is kept once."""

    title: Title


class KeptItem(Schema):
    """An item as callers see it."""

    item_id: str
    title: str


class ${Name}Api(
    Contract,
    prefix="/$kebab",
    tags=["$name"],
    errors=[Unauthorized, Forbidden],
    publish=True,
):
    """Add items and read them."""

    add_item = post("/items").route(summary="Add an item").input(NewItem).output(KeptItem)
    get_item = (
        get("/items/{itemId}")
        .route(summary="Read an item")
        .input(ItemRef)
        .output(KeptItem)
        .errors(ItemNotFound)
    )
