"""The API plugin of $name."""

from rawr.composition import define_api_surface

from plugins.api.$name.context import create_context
from plugins.api.$name.contract import ${Name}Api
from plugins.api.$name.router import create_router

surface = define_api_surface(
    contract=${Name}Api,
    create_router=create_router,
    create_context=create_context,
)
