"""The API plugin of invoicing."""

from plugins.api.invoicing.context import create_context
from plugins.api.invoicing.contract import InvoicingApi
from plugins.api.invoicing.router import create_router
from rawr.composition import define_api_surface

surface = define_api_surface(
    contract=InvoicingApi, create_router=create_router, create_context=create_context
)
