"""Adding and reading items."""

from packages.$name.context import ${Name}Context
from packages.$name.domain.item import Item, clean_title
from packages.$name.errors import ItemNotFound, ItemRef
from packages.$name.procedures.contract import AddItem, ItemDetails


async def add_item(context: ${Name}Context, input: AddItem) -> ItemDetails:
    """Keep an item; adding it again leads to the same one."""
    (item,) = await context.deps.items.add(context.principal.tenant_id, [clean_title(input.title)])
    return _details(item)


async def get_item(context: ${Name}Context, input: ItemRef) -> ItemDetails:
    """One of the tenant's items; another tenant's is as missing as one that never was."""
    item = await context.deps.items.get(context.principal.tenant_id, input.item_id)
    if item is None:
        raise ItemNotFound(input)
    return _details(item)


def _details(item: Item) -> ItemDetails:
    return ItemDetails(item_id=item.item_id, title=item.title)
