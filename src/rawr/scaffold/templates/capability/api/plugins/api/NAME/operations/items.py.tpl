"""Adding and reading items, in the API's own words."""

from packages.$name.errors import ItemRef
from packages.$name.procedures.contract import AddItem, ItemDetails
from plugins.api.$name.context import ${Name}ApiContext
from plugins.api.$name.contract import KeptItem, NewItem


async def add_item(context: ${Name}ApiContext, input: NewItem) -> KeptItem:
    """Keep an item."""
    return _kept(await context.$name.add_item(AddItem(title=input.title)))


async def get_item(context: ${Name}ApiContext, input: ItemRef) -> KeptItem:
    """Read an item."""
    return _kept(await context.$name.get_item(input))


def _kept(item: ItemDetails) -> KeptItem:
    return KeptItem(item_id=item.item_id, title=item.title)
