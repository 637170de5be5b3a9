"""The API of $name over HTTP, as a third party would call it."""

import pytest
from rawr.client import ASGITransport, OpenAPILink
from rawr.contract import ORPCError, create_client

from packages.$name.errors import ItemNotFound, ItemRef
from plugins.api.$name.contract import ${Name}Api, NewItem

URL = "http://hq/api/orpc"


@pytest.fixture
def api(transport: ASGITransport, developer: dict[str, str]) -> ${Name}Api:
    return create_client(${Name}Api, OpenAPILink(URL, client=transport, headers=developer))


async def test_an_added_item_is_read_back(api: ${Name}Api) -> None:
    added = await api.add_item(NewItem(title="first"))
    assert await api.get_item(ItemRef(item_id=added.item_id)) == added


async def test_an_item_there_is_not_is_a_typed_error(api: ${Name}Api) -> None:
    with pytest.raises(ItemNotFound) as caught:
        await api.get_item(ItemRef(item_id="nothing"))
    assert caught.value.data == ItemRef(item_id="nothing")


async def test_a_caller_without_a_token_is_refused(transport: ASGITransport) -> None:
    stranger = create_client(${Name}Api, OpenAPILink(URL, client=transport))
    with pytest.raises(ORPCError) as caught:
        await stranger.add_item(NewItem(title="first"))
    assert caught.value.status == 401
