"""Cases of the rules about contexts, middleware, the host and metadata."""

from tests.unit.policy.kit import Case

SERVER = "apps/server/main.py"
SERVICE = "packages/invoicing/service/extra.py"
PROCEDURES = "packages/invoicing/procedures/extra.py"
API = "plugins/api/invoicing/operations/extra.py"
API_CONTEXT = "plugins/api/invoicing/context.py"
WORKFLOW = "plugins/workflows/invoicing/operations/extra.py"
WORKFLOW_CONTEXT = "plugins/workflows/invoicing/context.py"
FUNCTIONS = "plugins/workflows/invoicing/functions/extra.py"
WEB_PACKAGE = "plugins/web/invoicing/widget/package.json"

MIDDLEWARE = "from rawr.procedure import Call, Next\n"
BOUNDARY = "async def check(call: Call[object], next: Next[object]) -> object:\n"
ENGINE_MIDDLEWARE = "import inngest\nclass RunTrace(inngest.Middleware):\n    pass\n"

CASES = [
    Case(
        rule=31,
        about="a context declared in the router",
        refused={"plugins/api/invoicing/router.py": "class ExtraContext:  # here\n    pass\n"},
        accepted={API_CONTEXT: "class ExtraContext:\n    pass\n"},
    ),
    Case(
        rule=31,
        about="a router on another class",
        refused={
            API: (
                "from plugins.api.invoicing.contract import ExtraApi\n"
                "from rawr.procedure import implement\n"
                "class Given:\n    pass\n"
                "os = implement(ExtraApi, Given)  # here\n"
            )
        },
        accepted={
            API_CONTEXT: "class Given:\n    pass\n",
            API: (
                "from plugins.api.invoicing.context import Given\n"
                "from plugins.api.invoicing.contract import ExtraApi\n"
                "from rawr.procedure import implement\n"
                "os = implement(ExtraApi, Given)\n"
            ),
        },
    ),
    Case(
        rule=46,
        about="one context for both boundaries",
        refused={
            "packages/invoicing/context.py": "class ExtraContext:\n    pass\n",
            API: (
                "from packages.invoicing.context import ExtraContext\n"
                "from plugins.api.invoicing.contract import ExtraApi\n"
                "from rawr.procedure import implement\n"
                "os = implement(ExtraApi, ExtraContext)\n"
            ),
            WORKFLOW: (
                "from packages.invoicing.context import ExtraContext\n"
                "from packages.invoicing.workflows.contract import ExtraRuns\n"
                "from rawr.procedure import implement\n"
                "os = implement(ExtraRuns, ExtraContext)  # here\n"
            ),
        },
        accepted={
            API_CONTEXT: "class ExtraContext:\n    pass\n",
            API: (
                "from plugins.api.invoicing.context import ExtraContext\n"
                "from plugins.api.invoicing.contract import ExtraApi\n"
                "from rawr.procedure import implement\n"
                "os = implement(ExtraApi, ExtraContext)\n"
            ),
        },
    ),
    Case(
        rule=46,
        about="a class that is both",
        refused={
            "packages/invoicing/context.py": (
                "import rawr.composition as own\n"
                "class Both(own.ApiBoundary, own.WorkflowBoundary):  # here\n    pass\n"
            )
        },
        accepted={
            "packages/invoicing/context.py": (
                "import rawr.composition as own\nclass One(own.ApiBoundary):\n    pass\n"
            )
        },
    ),
    Case(
        rule=46,
        about="a type that accepts either",
        refused={
            "packages/invoicing/context.py": (
                "import rawr.composition as own\n"
                "Any = own.ApiBoundary | own.WorkflowBoundary  # here\n"
            )
        },
        accepted={
            "packages/invoicing/context.py": (
                "import rawr.composition as own\nMaybe = own.ApiBoundary | None\n"
            ),
            FUNCTIONS: "import inngest\nEither = inngest.Context | inngest.ContextSync\n",
        },
    ),
    Case(
        rule=48,
        about="a permission read in a step",
        refused={FUNCTIONS: "def allowed(principal):\n    return 'x' in principal.roles  # here\n"},
        accepted={
            "packages/invoicing/middleware.py": (
                "def allowed(principal):\n    return 'x' in principal.roles\n"
            )
        },
    ),
    Case(
        rule=48,
        about="a refusal in the service",
        refused={
            "packages/invoicing/errors.py": "",
            SERVICE: (
                "from packages.invoicing.errors import Forbidden\n"
                "def refuse():\n    raise Forbidden  # here\n"
            ),
        },
        accepted={
            "packages/invoicing/errors.py": "",
            WORKFLOW: (
                "from packages.invoicing.errors import Forbidden\n"
                "def refuse():\n    raise Forbidden(message='no')\n"
            ),
        },
    ),
    Case(
        rule=48,
        about="a boundary check in a function",
        refused={
            WORKFLOW: "def require_extra(context): ...\n",
            FUNCTIONS: (
                "from plugins.workflows.invoicing.operations.extra import require_extra  # here\n"
            ),
        },
        accepted={
            WORKFLOW: "def require_extra(context): ...\n",
            "plugins/workflows/invoicing/router.py": (
                "from plugins.workflows.invoicing.operations.extra import require_extra\n"
            ),
        },
    ),
    Case(
        rule=50,
        about="one module for both planes",
        refused={
            WORKFLOW: (
                MIDDLEWARE
                + "import inngest\n"
                + "class RunTrace(inngest.Middleware):  # here\n    pass\n"
                + BOUNDARY
                + "    return await next(call)\n"
            )
        },
        accepted={
            "packages/invoicing/middleware.py": (
                MIDDLEWARE + BOUNDARY + "    return await next(call)\n"
            ),
            FUNCTIONS: ENGINE_MIDDLEWARE,
        },
    ),
    Case(
        rule=50,
        about="boundary middleware in a function",
        refused={
            "packages/invoicing/middleware.py": (
                MIDDLEWARE + BOUNDARY + "    return await next(call)\n"
            ),
            FUNCTIONS: "from packages.invoicing.middleware import check  # here\n",
        },
        accepted={
            "packages/invoicing/service/names.py": "def name(): ...\n",
            FUNCTIONS: "from packages.invoicing.service.names import name\n",
        },
    ),
    Case(
        rule=51,
        about="heavy middleware without a marker",
        refused={
            "packages/invoicing/middleware.py": MIDDLEWARE
            + "async def hydrate(call: Call[object], next: Next[object]):  # here\n"
            "    call.deps = await load()\n"
            "    return await next(call)\n"
        },
        accepted={
            "packages/invoicing/middleware.py": MIDDLEWARE
            + "async def hydrate(call: Call[object], next: Next[object]):\n"
            "    state = call.context.middleware_state\n"
            "    if not state.hydrated:\n"
            "        call.deps = await load()\n"
            "        state.hydrated = True\n"
            "    return await next(call)\n"
        },
    ),
    Case(
        rule=51,
        about="heavy middleware that is wrapped, or keeps what it makes",
        refused={
            "packages/invoicing/middleware.py": MIDDLEWARE
            + "async def look_up(call: Call[object], next: Next[object]):  # here\n"
            "    context = call.context\n"
            "    await context.roles.load()\n"
            "    return await next(call)\n"
        },
        accepted={
            "packages/invoicing/middleware.py": MIDDLEWARE + "from rawr.procedure import once\n"
            "async def look_up(call: Call[object], next: Next[object]):\n"
            "    await call.context.roles.load()\n"
            "    return await next(call)\n"
            "checked = once(look_up)\n"
            "async def hydrate(call: Call[object], next: Next[object]):\n"
            "    await call.context.markers.cached('deps', make)\n"
            "    return await next(call)\n"
        },
    ),
    Case(
        rule=53,
        about="a hook that writes",
        refused={
            FUNCTIONS: (
                "class Trace:\n"
                "    async def after_execution(self):\n"
                "        await self.runs.advance('completed')  # here\n"
            )
        },
        accepted={
            FUNCTIONS: (
                "class Trace:\n"
                "    async def after_execution(self):\n"
                "        self.logger.info('done')\n"
            )
        },
    ),
    Case(
        rule=53,
        about="a hook that fails",
        refused={
            FUNCTIONS: (
                "class Trace:\n    def before_response(self):\n        raise LookupError  # here\n"
            )
        },
        accepted={
            FUNCTIONS: "class Trace:\n    def before_response(self):\n        self.count += 1\n"
        },
    ),
    Case(
        rule=54,
        about="middleware on domain types",
        refused={
            "packages/invoicing/domain/limits.py": "LIMIT = 3\n",
            "packages/invoicing/middleware.py": (
                "from packages.invoicing.domain.limits import LIMIT  # here\n"
                + MIDDLEWARE
                + BOUNDARY
                + "    return await next(call)\n"
            ),
        },
        accepted={
            "packages/invoicing/context.py": "LIMIT = 3\n",
            "packages/invoicing/middleware.py": (
                "from packages.invoicing.context import LIMIT\n"
                + MIDDLEWARE
                + BOUNDARY
                + "    return await next(call)\n"
            ),
        },
    ),
    Case(
        rule=56,
        about="a plugin constructs the client",
        refused={FUNCTIONS: "import inngest\nclient = inngest.Inngest(app_id='extra')  # here\n"},
        accepted={SERVER: "import inngest\nclient = inngest.Inngest(app_id='hq')\n"},
    ),
    Case(
        rule=56,
        about="the manifest constructs the client",
        refused={
            "rawr_hq.py": "from inngest import Inngest\nclient = Inngest(app_id='hq')  # here\n"
        },
        accepted={"rawr_hq.py": "from inngest import Inngest\n"},
    ),
    Case(
        rule=61,
        about="composed in the host",
        refused={
            SERVER: (
                "from rawr.composition import compose_capabilities\n"
                "manifest = compose_capabilities([])  # here\n"
            )
        },
        accepted={
            "rawr_hq.py": (
                "from rawr.composition import compose_capabilities\n"
                "other = lambda: compose_capabilities([])\n"
            )
        },
    ),
    Case(
        rule=61,
        about="the host names a capability",
        refused={
            "packages/invoicing/domain/limits.py": "LIMIT = 3\n",
            SERVER: 'ENABLED = ["invoicing"]  # here\n',
        },
        accepted={
            "packages/invoicing/domain/limits.py": "LIMIT = 3\n",
            SERVER: 'print("An HQ, with invoicing and more to come")\n',
        },
    ),
    Case(
        rule=65,
        about="the other boundary's envelope",
        refused={API_CONTEXT: "from rawr.composition import WorkflowBoundary  # here\n"},
        accepted={
            API_CONTEXT: "from rawr.composition import ApiBoundary\n",
            WORKFLOW_CONTEXT: "from rawr.composition import WorkflowBoundary\n",
        },
    ),
    Case(
        rule=65,
        about="a factory from elsewhere",
        refused={
            WORKFLOW: "def create_extra(boundary, ports): ...\n",
            "plugins/workflows/invoicing/__init__.py": (
                "from plugins.workflows.invoicing.operations.extra import create_extra\n"
                "from rawr.composition import define_workflow_surface\n"
                "extra = lambda: define_workflow_surface(\n"
                "    contract=None, create_router=None,\n"
                "    create_context=create_extra,  # here\n"
                ")\n"
            ),
        },
        accepted={WORKFLOW_CONTEXT: "def create_extra(boundary, ports): ...\n"},
    ),
    Case(
        rule=67,
        about="an untyped error",
        refused={API: "def refuse():\n    raise RuntimeError('no')  # here\n"},
        accepted={
            "packages/invoicing/errors.py": "",
            API: (
                "from packages.invoicing.errors import RunNotFound\n"
                "def refuse():\n    raise RunNotFound(None)\n"
            ),
        },
    ),
    Case(
        rule=67,
        about="a code that is not declared",
        refused={
            PROCEDURES: (
                "from rawr.contract import ORPCError\n"
                "def refuse():\n    raise ORPCError('TEAPOT')  # here\n"
            )
        },
        accepted={
            PROCEDURES: (
                "from rawr.contract import ORPCError\n"
                "def fail(error):\n    raise ORPCError('INTERNAL_SERVER_ERROR') from error\n"
            )
        },
    ),
    Case(
        rule=72,
        about="a legacy key in metadata",
        refused={
            WEB_PACKAGE: (
                '{\n  "rawr": {\n    "kind": "web",\n    "capability": "invoicing",\n'
                '    "publishTier": "public"\n  }\n}\n'
            )
        },
        at=f"{WEB_PACKAGE}:5",
        accepted={WEB_PACKAGE: '{"rawr": {"kind": "web", "capability": "invoicing"}}\n'},
    ),
    Case(
        rule=72,
        about="metadata without a capability",
        refused={WEB_PACKAGE: '{"name": "invoicing", "rawr": {"kind": "web"}}\n'},
        at=f"{WEB_PACKAGE}:1",
        accepted={WEB_PACKAGE: '{"rawr": {"kind": "web", "capability": "invoicing"}}\n'},
    ),
    Case(
        rule=72,
        about="a legacy key in a declaration",
        refused={
            "rawr_hq.py": (
                "from rawr.composition import define_capability\n"
                "extra = lambda: define_capability('extra', channel='beta')  # here\n"
            )
        },
        accepted={
            "rawr_hq.py": (
                "from rawr.composition import define_capability\n"
                "extra = lambda: define_capability('extra', provide=None)\n"
            )
        },
    ),
    Case(
        rule=72,
        about="the wrong kind of surface",
        refused={
            "plugins/api/invoicing/__init__.py": "",
            "plugins/api/invoicing/operations/__init__.py": (
                "from rawr.composition import define_api_surface, define_workflow_surface\n"
                "own = lambda: define_api_surface(contract=1)\n"
                "extra = lambda: define_workflow_surface(contract=2)  # here\n"
            ),
        },
        accepted={
            "plugins/api/invoicing/__init__.py": (
                "from rawr.composition import define_api_surface\n"
                "own = lambda: define_api_surface(contract=1)\n"
            ),
        },
    ),
    Case(
        rule=72,
        about="a plugin without a surface",
        refused={"plugins/api/billing/__init__.py": "LIMIT = 3  # here\n"},
        accepted={
            "plugins/api/billing/__init__.py": (
                "from rawr.composition import define_api_surface\n"
                "own = lambda: define_api_surface(contract=None)\n"
            ),
        },
    ),
    Case(
        rule=51,
        about="heavy middleware that marks by adding",
        refused={
            "packages/invoicing/middleware.py": MIDDLEWARE
            + "async def load_twice(call: Call[object], next: Next[object]):  # here\n"
            "    seen = set()\n"
            "    seen.add(await load())\n"
            "    return await next(call)\n"
        },
        accepted={
            "packages/invoicing/middleware.py": MIDDLEWARE
            + "async def load_once(call: Call[object], next: Next[object]):\n"
            "    if 'loaded' not in call.context.markers:\n"
            "        await load()\n"
            "        call.context.markers.add('loaded')\n"
            "    return await next(call)\n"
        },
    ),
    Case(
        rule=53,
        about="a hook that records",
        refused={
            FUNCTIONS: (
                "class Trace:\n"
                "    def finished(self):\n"
                "        print('done')\n"
                "        self.runs.mark_done()  # here\n"
            )
        },
        accepted={
            FUNCTIONS: "class Trace:\n    def started(self):\n        self.runs.mark_begun()\n"
        },
    ),
    Case(
        rule=72,
        about="a legacy key in a table of metadata",
        refused={API: 'PLUGIN = {\n    "kind": "api",\n    "templateRole": "x",  # here\n}\n'},
        accepted={API: 'LABELS = {"published": "Published"}\n'},
    ),
    Case(
        rule=72,
        about="metadata in TOML",
        refused={
            "plugins/api/invoicing/pyproject.toml": (
                '[tool.rawr]\nkind = "web"  # here\ncapability = "invoicing"\n'
            )
        },
        accepted={
            "plugins/api/invoicing/pyproject.toml": (
                '[tool.rawr]\nkind = "api"\ncapability = "invoicing"\n'
            )
        },
    ),
]
