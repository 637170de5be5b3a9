"""Cases of the rules about contracts, schemas and the domain."""

from tests.unit.policy.kit import Case

DOMAIN = "packages/invoicing/domain/extra.py"
SERVICE = "packages/invoicing/service/extra.py"
PROCEDURES = "packages/invoicing/procedures/extra.py"
CANONICAL = "packages/invoicing/workflows/contract.py"
API_CONTRACT = "plugins/api/invoicing/contract.py"
REEXPORT = "plugins/workflows/invoicing/contract.py"
API = "plugins/api/invoicing/operations/extra.py"
WORKFLOW = "plugins/workflows/invoicing/operations/extra.py"
ROUTER = "plugins/api/invoicing/router.py"
CONTRACT = "from rawr.contract import Contract, get\n"
SCHEMA = "from rawr.schema import Schema\n"

CASES = [
    Case(
        rule=12,
        about="a procedure made by hand",
        refused={
            API: "from rawr.procedure import Procedure\nbare = Procedure(None, None)  # here\n"
        },
        accepted={
            API_CONTRACT: CONTRACT + "class ExtraApi(Contract):\n    extra = get('/extra')\n",
            API: (
                "from plugins.api.invoicing.contract import ExtraApi\n"
                "from rawr.procedure import implement\n"
                "os = implement(ExtraApi, object)\n"
            ),
        },
    ),
    Case(
        rule=12,
        about="a contract from elsewhere",
        refused={
            "packages/invoicing/service/extra.py": "ExtraApi = object()\n",
            API: (
                "from packages.invoicing.service.extra import ExtraApi\n"
                "from rawr.procedure import implement\n"
                "os = implement(ExtraApi, object)  # here\n"
            ),
        },
        accepted={
            CANONICAL: CONTRACT + "class ExtraRuns(Contract):\n    extra = get('/extra')\n",
            "plugins/workflows/invoicing/operations/extra.py": (
                "from packages.invoicing.workflows.contract import ExtraRuns\n"
                "from rawr.procedure import implement\n"
                "os = implement(ExtraRuns, object)\n"
            ),
        },
    ),
    Case(
        rule=24,
        about="a contract defined in the workflow plugin",
        refused={REEXPORT: "LIMIT = 3  # here\n"},
        accepted={
            CANONICAL: CONTRACT + "class ExtraRuns(Contract):\n    extra = get('/extra')\n",
            REEXPORT: (
                "from packages.invoicing.workflows.contract import ExtraRuns\n"
                '__all__ = ["ExtraRuns"]\n'
            ),
        },
    ),
    Case(
        rule=24,
        about="something else re-exported",
        refused={
            "packages/invoicing/errors.py": "LIMIT = 3\n",
            REEXPORT: "from packages.invoicing.errors import LIMIT  # here\n",
        },
        accepted={
            CANONICAL: CONTRACT + "class ExtraRuns(Contract):\n    extra = get('/extra')\n",
            REEXPORT: "from packages.invoicing.workflows.contract import ExtraRuns\n",
        },
    ),
    Case(
        rule=24,
        about="a contract among operations",
        refused={API: CONTRACT + "class ExtraApi(Contract):  # here\n    extra = get('/x')\n"},
        accepted={API_CONTRACT: CONTRACT + "class ExtraApi(Contract):\n    extra = get('/x')\n"},
    ),
    Case(
        rule=24,
        about="a boundary contract in the package",
        refused={
            "packages/invoicing/procedures/contract.py": (
                "from rawr.contract import Contract, procedure\n"
                'class ExtraApi(Contract, prefix="/invoicing"):  # here\n'
                "    extra = procedure()\n"
            )
        },
        accepted={
            "packages/invoicing/procedures/contract.py": (
                "from rawr.contract import Contract, procedure\n"
                "class ExtraPackage(Contract):\n"
                "    extra = procedure()\n"
            )
        },
    ),
    Case(
        rule=25,
        about="a schema in the workflow plugin",
        refused={WORKFLOW: SCHEMA + "class Extra(Schema):  # here\n    text: str\n"},
        accepted={CANONICAL: SCHEMA + "class Extra(Schema):\n    text: str\n"},
    ),
    Case(
        rule=25,
        about="a router in the package",
        refused={"packages/invoicing/workflows/router.py": "LIMIT = 3  # here\n"},
        accepted={"packages/invoicing/workflows/__init__.py": "LIMIT = 3\n"},
    ),
    Case(
        rule=25,
        about="a durable function in the package",
        refused={SERVICE: "import inngest  # here\n"},
        accepted={"plugins/workflows/invoicing/functions/extra.py": "import inngest\n"},
    ),
    Case(
        rule=25,
        about="a trigger schema in the domain",
        refused={
            DOMAIN: SCHEMA + "class ExtraAsked(Schema):\n    text: str\n",
            CANONICAL: CONTRACT + "from packages.invoicing.domain.extra import ExtraAsked\n"
            "class ExtraRuns(Contract):\n    extra = get('/x').input(ExtraAsked)  # here\n",
        },
        accepted={
            DOMAIN: SCHEMA + "class ExtraValue(Schema):\n    text: str\n",
            CANONICAL: CONTRACT + SCHEMA + "from packages.invoicing.domain.extra import "
            "ExtraValue\nclass ExtraAsked(Schema):\n    value: ExtraValue\n"
            "class ExtraRuns(Contract):\n    extra = get('/x').input(ExtraAsked)\n",
        },
    ),
    Case(
        rule=29,
        about="a file of procedure input",
        refused={"packages/invoicing/domain/trigger_input.py": "LIMIT = 3  # here\n"},
        accepted={"packages/invoicing/domain/trigger.py": "LIMIT = 3\n"},
    ),
    Case(
        rule=29,
        about="a class of procedure output",
        refused={DOMAIN: "class StartOutput:  # here\n    pass\n"},
        accepted={DOMAIN: "class Start:\n    pass\n"},
    ),
    Case(
        rule=29,
        about="the domain imports the service",
        refused={
            SERVICE: "LIMIT = 3\n",
            DOMAIN: "from packages.invoicing.service.extra import LIMIT  # here\n",
        },
        accepted={
            "packages/invoicing/domain/limits.py": "LIMIT = 3\n",
            DOMAIN: "from .limits import LIMIT\n",
        },
    ),
    Case(
        rule=29,
        about="the domain imports a transport",
        refused={DOMAIN: "def read():\n    import httpx2  # here\n"},
        accepted={DOMAIN: "def read():\n    import decimal\n"},
    ),
    Case(
        rule=29,
        about="a domain value is a procedure's output",
        refused={
            DOMAIN: SCHEMA + "class ExtraValue(Schema):\n    text: str\n",
            API_CONTRACT: CONTRACT + "from packages.invoicing.domain.extra import ExtraValue\n"
            "class ExtraApi(Contract):\n    extra = get('/x').output(ExtraValue)  # here\n",
        },
        accepted={
            DOMAIN: SCHEMA + "class ExtraValue(Schema):\n    text: str\n",
            API_CONTRACT: CONTRACT + SCHEMA + "from packages.invoicing.domain.extra import "
            "ExtraValue\nclass ExtraShown(Schema):\n    value: ExtraValue\n"
            "class ExtraApi(Contract):\n    extra = get('/x').output(ExtraShown)\n",
        },
    ),
    Case(
        rule=30,
        about="a schema from the service",
        refused={
            SERVICE: SCHEMA + "class ExtraShown(Schema):\n    text: str\n",
            API_CONTRACT: CONTRACT + "from packages.invoicing.service.extra import ExtraShown\n"
            "class ExtraApi(Contract):\n    extra = get('/x').output(ExtraShown)  # here\n",
        },
        accepted={
            API_CONTRACT: CONTRACT + SCHEMA + "class ExtraShown(Schema):\n    text: str\n"
            "class ExtraApi(Contract):\n    extra = get('/x').output(ExtraShown)\n",
        },
    ),
    Case(
        rule=30,
        about="a collection of schemas shared by all",
        refused={
            "shared/schemas.py": SCHEMA + "class ExtraShown(Schema):\n    text: str\n",
            API_CONTRACT: CONTRACT + "from shared.schemas import ExtraShown\n"
            "class ExtraApi(Contract):\n    extra = get('/x').output(ExtraShown)  # here\n",
        },
        accepted={
            CANONICAL: SCHEMA + "class ExtraShown(Schema):\n    text: str\n",
            API_CONTRACT: CONTRACT + "from packages.invoicing.workflows.contract import "
            "ExtraShown\n"
            "class ExtraApi(Contract):\n    extra = get('/x').output(ExtraShown)\n",
        },
    ),
    Case(
        rule=32,
        about="a principal in the domain",
        refused={"packages/invoicing/domain/principal.py": "LIMIT = 3  # here\n"},
        accepted={"packages/invoicing/context.py": "class Principal:\n    pass\n"},
    ),
    Case(
        rule=32,
        about="a correlation id in a domain value",
        refused={DOMAIN: SCHEMA + "class Extra(Schema):\n    correlation_id: str  # here\n"},
        accepted={DOMAIN: SCHEMA + "class Extra(Schema):\n    invoice_id: str\n"},
    ),
    Case(
        rule=32,
        about="request metadata in a domain module",
        refused={DOMAIN: "class RequestInfo:  # here\n    pass\n"},
        accepted={DOMAIN: "class RequestedRun:\n    pass\n"},
    ),
    Case(
        rule=32,
        about="the domain imports a context",
        refused={
            "packages/invoicing/context.py": "LIMIT = 3\n",
            DOMAIN: "from packages.invoicing.context import LIMIT  # here\n",
        },
        accepted={
            "packages/invoicing/domain/limits.py": "LIMIT = 3\n",
            "packages/invoicing/context.py": (
                "from packages.invoicing.domain.limits import LIMIT\n"
            ),
        },
    ),
    Case(
        rule=33,
        about="a mapping in the router",
        refused={
            ROUTER: (
                "async def extra(context, input):  # here\n"
                "    return dict(id=await context.read(input.id))\n"
            )
        },
        accepted={
            ROUTER: "async def extra(context, input):\n    return await read(context, input)\n"
        },
    ),
    Case(
        rule=33,
        about="a decision in the router",
        refused={
            ROUTER: (
                "def extra(context):\n"
                "    if context.ready:  # here\n"
                "        return 1\n"
                "    return 2\n"
            )
        },
        accepted={
            API: "def extra(context):\n    if context.ready:\n        return 1\n    return 2\n"
        },
    ),
    Case(
        rule=33,
        about="a lambda that maps",
        refused={ROUTER: "extra = lambda context, input: {'id': input.id}  # here\n"},
        accepted={ROUTER: "extra = lambda context, input: read(context, input)\n"},
    ),
    Case(
        rule=38,
        about="a second library",
        refused={PROCEDURES: "import marshmallow  # here\n"},
        accepted={PROCEDURES: "from pydantic import Field\n"},
    ),
    Case(
        rule=38,
        about="past the schema layer",
        refused={
            API_CONTRACT: (
                "from pydantic import BaseModel\nclass Extra(BaseModel):  # here\n    text: str\n"
            )
        },
        accepted={API_CONTRACT: SCHEMA + "class Extra(Schema):\n    text: str\n"},
    ),
    Case(
        rule=39,
        about="a hand-written twin",
        refused={
            DOMAIN: SCHEMA + "class Extra(Schema):\n    first: str\n    second: str\n",
            SERVICE: (
                "from typing import TypedDict\n"
                "class ExtraDict(TypedDict):  # here\n    first: str\n    second: str\n"
            ),
        },
        accepted={
            DOMAIN: SCHEMA + "class Extra(Schema):\n    first: str\n    second: str\n",
            SERVICE: (
                "from dataclasses import dataclass\n"
                "@dataclass\nclass Other:\n    first: str\n    third: str\n"
            ),
        },
    ),
    Case(
        rule=39,
        about="an enumeration written twice",
        refused={
            DOMAIN: (
                "from enum import StrEnum\nfrom typing import Literal\n"
                'Colour = Literal["red", "blue"]\n'
                "class Colours(StrEnum):  # here\n"
                '    RED = "red"\n    BLUE = "blue"\n'
            )
        },
        accepted={
            DOMAIN: (
                "from typing import Literal, get_args\n"
                'Colour = Literal["red", "blue"]\n'
                "COLOURS = get_args(Colour)\n"
            )
        },
    ),
    Case(
        rule=40,
        about="a bare dict",
        refused={
            API_CONTRACT: CONTRACT + "class ExtraApi(Contract):\n"
            "    extra = get('/x').output(dict)  # here\n"
        },
        accepted={
            API_CONTRACT: CONTRACT + "from rawr.schema import adapt\n"
            "class ExtraApi(Contract):\n    extra = get('/x').output(adapt(list[int]))\n"
        },
    ),
    Case(
        rule=40,
        about="a list under another name",
        refused={
            API_CONTRACT: CONTRACT + "Lines = list[int]\n"
            "class ExtraApi(Contract):\n    extra = get('/x').streams(Lines)  # here\n"
        },
        accepted={
            API_CONTRACT: CONTRACT + "from rawr.schema import File\n"
            "class ExtraApi(Contract):\n    extra = get('/x').output(File)\n"
        },
    ),
    Case(
        rule=41,
        about="half of a pair",
        refused={API_CONTRACT: "StartInputSchema = object()  # here\n"},
        accepted={API_CONTRACT: SCHEMA + "class StartExtra(Schema):\n    text: str\n"},
    ),
    Case(
        rule=41,
        about="two halves apart",
        refused={
            API_CONTRACT: SCHEMA + "class ExtraInput(Schema):  # here\n    text: str\n"
            "class ExtraOutput(Schema):\n    text: str\n"
        },
        accepted={
            API_CONTRACT: SCHEMA + "class AskExtra(Schema):\n    text: str\n"
            "class ExtraAnswered(Schema):\n    text: str\n"
        },
    ),
    Case(
        rule=42,
        about="a second converter",
        refused={API: "def describe(model):\n    return model.model_json_schema()  # here\n"},
        accepted={API: "def describe(model):\n    return model.model_dump()\n"},
    ),
    Case(
        rule=42,
        about="a second document",
        refused={
            API: (
                "from rawr.openapi import generate_openapi\n"
                "document = generate_openapi([])  # here\n"
            )
        },
        accepted={API: "from rawr.schema import adapt\n"},
    ),
    Case(
        rule=42,
        about="an adapter of one's own",
        refused={
            API: (
                "from rawr.schema import SchemaAdapter\n"
                "class Loose(SchemaAdapter[int]):  # here\n    pass\n"
            )
        },
        accepted={API: "from rawr.schema import SchemaAdapter\nadapter: SchemaAdapter[int]\n"},
    ),
    Case(
        rule=71,
        about="an unknown role",
        refused={"packages/invoicing/helpers.py": "LIMIT = 3  # here\n"},
        accepted={"packages/invoicing/service/limits.py": "LIMIT = 3\n"},
    ),
    Case(
        rule=71,
        about="the capability repeated",
        refused={"packages/invoicing/domain/invoice_status.py": "LIMIT = 3  # here\n"},
        accepted={"packages/invoicing/domain/states.py": "LIMIT = 3\n"},
    ),
    Case(
        rule=71,
        about="an unknown kind of plugin",
        refused={"plugins/cron/invoicing/operations/extra.py": "LIMIT = 3  # here\n"},
        accepted={"plugins/workflows/invoicing/durable/extra.py": "LIMIT = 3\n"},
    ),
    Case(
        rule=30,
        about="a schema from a module of schemas",
        refused={
            SERVICE: SCHEMA + "class ExtraAsked(Schema):\n    text: str\n",
            "packages/invoicing/procedures/contract.py": (
                "from rawr.contract import procedure\n"
                "from packages.invoicing.service.extra import ExtraAsked\n"
                "extra = procedure().meta(role='x').input(ExtraAsked)  # here\n"
            ),
        },
        accepted={
            PROCEDURES: SCHEMA + "class ExtraAsked(Schema):\n    text: str\n",
            "packages/invoicing/procedures/contract.py": (
                "from rawr.contract import procedure\n"
                "from packages.invoicing.procedures.extra import ExtraAsked\n"
                "extra = procedure().meta(role='x').input(ExtraAsked)\n"
                "other = build().input(ExtraAsked)\n"
                "third = unknown.input(ExtraAsked)\n"
            ),
        },
    ),
    Case(
        rule=39,
        about="a dataclass twin",
        refused={
            DOMAIN: SCHEMA + "class Extra(Schema):\n    first: str\n    second: str\n",
            WORKFLOW: (
                "from dataclasses import dataclass\n"
                "@dataclass(frozen=True)\n"
                "class ExtraCopy:  # here\n    first: str\n    second: str\n"
            ),
        },
        accepted={
            DOMAIN: SCHEMA + "class Extra(Schema):\n    first: str\n    second: str\n",
            WORKFLOW: "class ExtraLike:\n    first: str\n    second: str\n",
        },
    ),
    Case(
        rule=42,
        about="an imported converter",
        refused={API: "from pydantic.json_schema import GenerateJsonSchema  # here\n"},
        accepted={API: "from pydantic import Field\n"},
    ),
]
