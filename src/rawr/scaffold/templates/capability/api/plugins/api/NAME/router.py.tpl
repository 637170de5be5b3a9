"""Binds the API contract to its operations."""

from rawr.procedure import Router, implement

from plugins.api.$name.context import ${Name}ApiContext
from plugins.api.$name.contract import ${Name}Api
from plugins.api.$name.operations.items import add_item, get_item


def create_router() -> Router[${Name}ApiContext]:
    """The API plugin's router."""
    os = implement(${Name}Api, ${Name}ApiContext)
    os.handler(${Name}Api.add_item)(add_item)
    os.handler(${Name}Api.get_item)(get_item)
    return os.router()
