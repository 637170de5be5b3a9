"""The manifest: which capabilities this HQ is made of. Importing it starts nothing."""

from packages.invoicing.capability import provide
from packages.invoicing.procedures.contract import OPERATOR, READ, WRITE
from packages.invoicing.service.ledger import MIGRATIONS
from plugins.api import invoicing as invoicing_api
from plugins.api.invoicing.contract import InvoicingApi
from plugins.web import invoicing as invoicing_web
from plugins.workflows import invoicing as invoicing_workflows
from plugins.workflows.invoicing.contract import InvoicingWorkflows
from rawr.composition import compose_capabilities, define_capability
from rawr.contract import Contract

invoicing_capability = define_capability(
    "invoicing",
    provide=provide,
    api=invoicing_api.surface,
    workflows=invoicing_workflows.surface,
    web=invoicing_web.surface,
    roles=(READ, WRITE, OPERATOR),
    migrations=(MIGRATIONS,),
)


class Invoicing(Contract):
    """Invoicing, as first parties reach it."""

    api: InvoicingApi
    workflows: InvoicingWorkflows


class HQ(Contract):
    """Everything this HQ offers first parties: `create_client(HQ, RPCLink(".../rpc"))`."""

    invoicing: Invoicing


manifest = compose_capabilities([invoicing_capability], contract=HQ)
