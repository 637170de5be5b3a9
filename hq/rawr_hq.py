"""The manifest: which capabilities this HQ is made of. Importing it starts nothing."""

from packages.invoicing.capability import provide
from packages.invoicing.procedures.contract import READ, WRITE
from packages.invoicing.service.ledger import MIGRATIONS
from plugins.api import invoicing as invoicing_api
from plugins.workflows import invoicing as invoicing_workflows
from rawr.composition import compose_capabilities, define_capability

invoicing_capability = define_capability(
    "invoicing",
    provide=provide,
    api=invoicing_api.surface,
    workflows=invoicing_workflows.surface,
    roles=(READ, WRITE),
    migrations=(MIGRATIONS,),
)

manifest = compose_capabilities([invoicing_capability])
