"""Items, through the package's in-process client."""

import pytest

from packages.$name.client import ${Name}Ports
from packages.$name.errors import Forbidden, ItemNotFound, ItemRef
from packages.$name.procedures.contract import READ, WRITE, AddItem
from tests.$name.kit import client_of


async def test_a_title_is_kept_clean_and_once(ports: ${Name}Ports) -> None:
    package = client_of(ports)
    first = await package.add_item(AddItem(title=" an  item "))
    again = await package.add_item(AddItem(title="an item"))
    assert first == again
    assert first.title == "an item"


async def test_another_tenants_item_is_missing(ports: ${Name}Ports) -> None:
    added = await client_of(ports).add_item(AddItem(title="an item"))
    with pytest.raises(ItemNotFound):
        await client_of(ports, tenant_id="bolt").get_item(ItemRef(item_id=added.item_id))


async def test_tenants_keep_equal_titles_apart(ports: ${Name}Ports) -> None:
    ours = await client_of(ports).add_item(AddItem(title="an item"))
    theirs = await client_of(ports, tenant_id="bolt").add_item(AddItem(title="an item"))
    assert ours.item_id != theirs.item_id


async def test_adding_takes_the_role_to_write(ports: ${Name}Ports) -> None:
    with pytest.raises(Forbidden):
        await client_of(ports, roles=(READ,)).add_item(AddItem(title="an item"))


async def test_reading_takes_the_role_to_read(ports: ${Name}Ports) -> None:
    with pytest.raises(Forbidden):
        await client_of(ports, roles=(WRITE,)).get_item(ItemRef(item_id="any"))
