"""Cases of the rules about dispatch and durable functions."""

from tests.unit.policy.kit import Case

SERVICE = "packages/invoicing/service/extra.py"
PROCEDURES = "packages/invoicing/procedures/extra.py"
API = "plugins/api/invoicing/operations/extra.py"
WORKFLOW = "plugins/workflows/invoicing/operations/extra.py"
WORKFLOW_CONTEXT = "plugins/workflows/invoicing/context.py"
FUNCTIONS = "plugins/workflows/invoicing/functions/extra.py"
DURABLE = "plugins/workflows/invoicing/durable/extra.py"
EVENT = (
    "from rawr.coordination import EventType\n"
    'ExtraAsked = EventType("invoicing.extra.asked", object)\n'
)
SENDER = (
    "from plugins.workflows.invoicing.functions.extra import ExtraAsked\n"
    "async def start_extra(context):\n"
    "    await context.dispatch.send(ExtraAsked.event(None))\n"
)
BINDING = (
    "from plugins.workflows.invoicing.operations.extra import start_extra\n"
    "class Extra:\n    first = 1\n    second = 2\n"
    "async def again(context, input):\n    return await start_extra(context)\n"
)
FUNCTION = (
    'def create(client):\n    @client.create_function(fn_id="extra")\n    async def extra(ctx):\n'
)
CASES = [
    Case(
        rule=16,
        about="an API operation sends",
        refused={
            API: "async def start_extra(context):\n    await context.dispatch.send(1)  # here\n"
        },
        accepted={
            WORKFLOW: "async def start_extra(context):\n    await context.dispatch.send(1)\n"
        },
    ),
    Case(
        rule=16,
        about="an API operation signals",
        refused={API: "async def ship(context):\n    await context.dispatch.signal(1)  # here\n"},
        accepted={WORKFLOW: "async def ship(context):\n    await context.dispatch.signal(1)\n"},
    ),
    Case(
        rule=16,
        about="under another name",
        refused={
            SERVICE: (
                "async def start(context):\n"
                "    sender = context.dispatch\n"
                "    await sender.send(1)  # here\n"
            )
        },
        accepted={SERVICE: "async def tell(mail):\n    await mail.send(1)\n"},
    ),
    Case(
        rule=16,
        about="by its type",
        refused={
            API: (
                "from inngest import Inngest\n"
                "async def start(engine: Inngest):\n"
                "    def later():\n"
                "        return engine.send  # here\n"
            )
        },
        accepted={
            WORKFLOW: (
                "from inngest import Inngest\n"
                "async def start(engine: Inngest):\n"
                "    return await engine.send([])\n"
            )
        },
    ),
    Case(
        rule=16,
        about="a package holds a dispatch",
        refused={SERVICE: "from rawr.coordination import Dispatch  # here\n"},
        accepted={WORKFLOW_CONTEXT: "from rawr.coordination import Dispatch\n"},
    ),
    Case(
        rule=17,
        about="two procedures send one event",
        refused={
            FUNCTIONS: EVENT,
            WORKFLOW: SENDER,
            "plugins/workflows/invoicing/router.py": BINDING + "def bind_extra(os):\n"
            "    os.handler(Extra.first)(start_extra)\n"
            "    os.handler(Extra.second)(again)  # here\n",
        },
        accepted={
            FUNCTIONS: EVENT,
            WORKFLOW: SENDER,
            "plugins/workflows/invoicing/router.py": BINDING
            + "def bind_extra(os):\n    os.handler(Extra.first)(start_extra)\n",
        },
    ),
    Case(
        rule=17,
        about="bound by decorators",
        refused={
            FUNCTIONS: EVENT,
            WORKFLOW: SENDER,
            "plugins/workflows/invoicing/router.py": BINDING + "os = object()\n"
            "@os.handler(Extra.first)\n"
            "async def one(context, input):\n    return await start_extra(context)\n"
            "@os.handler(Extra.second)  # here\n"
            "async def two(context, input):\n    return await start_extra(context)\n",
        },
        accepted={
            FUNCTIONS: EVENT,
            WORKFLOW: SENDER,
            "plugins/workflows/invoicing/router.py": BINDING + "os = object()\n"
            "@os.handler(Extra.first)\n"
            "async def one(context, input):\n    return await start_extra(context)\n",
        },
    ),
    Case(
        rule=19,
        about="an adapter among operations",
        refused={WORKFLOW: "import inngest.flask  # here\n"},
        accepted={DURABLE: "import inngest.flask\n"},
    ),
    Case(
        rule=19,
        about="an adapter that triggers",
        refused={
            WORKFLOW: "LIMIT = 3\n",
            DURABLE: "from plugins.workflows.invoicing.operations.extra import LIMIT  # here\n",
        },
        accepted={
            FUNCTIONS: "LIMIT = 3\n",
            DURABLE: "from plugins.workflows.invoicing.functions.extra import LIMIT\n",
        },
    ),
    Case(
        rule=20,
        about="a task left behind",
        refused={
            API: (
                "import asyncio\n"
                "async def start_extra(context):\n"
                "    asyncio.create_task(context.work())  # here\n"
            )
        },
        accepted={API: "async def start_extra(context):\n    await context.work()\n"},
    ),
    Case(
        rule=20,
        about="a task of the loop",
        refused={
            API: "def start_extra(loop, context):\n    loop.create_task(context.work())  # here\n"
        },
        accepted={
            API: (
                "import asyncio\n"
                "async def read_extra(context):\n"
                "    async with asyncio.TaskGroup() as tasks:\n"
                "        tasks.create_task(context.read())\n"
            )
        },
    ),
    Case(
        rule=20,
        about="a procedure that waits",
        refused={
            PROCEDURES: "from anyio import sleep\nasync def wait():\n    await sleep(60)  # here\n"
        },
        accepted={FUNCTIONS: FUNCTION + '        await ctx.step.sleep("extra/wait", 60_000)\n'},
    ),
    Case(
        rule=21,
        about="one module for both",
        refused={
            WORKFLOW: (
                "from packages.invoicing.workflows.contract import ExtraRuns\n"
                "from rawr.procedure import implement\n"
                "os = implement(ExtraRuns, object)  # here\n"
                "def make(client):\n    return client.create_function(fn_id='extra')\n"
            ),
        },
        accepted={
            FUNCTIONS: "def make(client):\n    return client.create_function(fn_id='extra')\n"
        },
    ),
    Case(
        rule=21,
        about="a durable function in an API plugin",
        refused={API: "def make(client):\n    return client.create_function(fn_id='x')  # here\n"},
        accepted={FUNCTIONS: "def make(client):\n    return client.create_function(fn_id='x')\n"},
    ),
    Case(
        rule=21,
        about="one contract for both surfaces",
        refused={
            "rawr_hq.py": (
                "from rawr.composition import define_api_surface, define_workflow_surface\n"
                "def both(contract, Extra=None):\n"
                "    define_api_surface(contract=Extra)\n"
                "    define_workflow_surface(contract=Extra)  # here\n"
            )
        },
        accepted={
            "rawr_hq.py": (
                "from rawr.composition import define_api_surface, define_workflow_surface\n"
                "def both(Extra, ExtraRuns):\n"
                "    define_api_surface(contract=Extra)\n"
                "    define_workflow_surface(contract=ExtraRuns)\n"
            )
        },
    ),
    Case(
        rule=45,
        about="a function imports the request context",
        refused={
            WORKFLOW_CONTEXT: "LIMIT = 3\n",
            FUNCTIONS: "from plugins.workflows.invoicing.context import LIMIT  # here\n",
        },
        accepted={FUNCTIONS: "from rawr.composition import RequestInfo\n"},
    ),
    Case(
        rule=45,
        about="a function made inside a request",
        refused={
            WORKFLOW_CONTEXT: "class ExtraContext:\n    pass\n",
            WORKFLOW: (
                "from plugins.workflows.invoicing.context import ExtraContext\n"
                "def start_extra(context: ExtraContext, client):\n"
                "    return client.create_function(fn_id='extra')  # here\n"
            ),
        },
        accepted={
            FUNCTIONS: "def create(client):\n    return client.create_function(fn_id='extra')\n"
        },
    ),
    Case(
        rule=49,
        about="a retry loop",
        refused={
            API: (
                "async def start_extra(context):\n"
                "    for _ in range(3):  # here\n"
                "        try:\n"
                "            return await context.start()\n"
                "        except OSError:\n"
                "            continue\n"
            )
        },
        accepted={
            API: (
                "async def start_extra(context):\n"
                "    for line in context.lines:\n"
                "        try:\n"
                "            await context.start(line)\n"
                "        except OSError as error:\n"
                "            raise context.failed(line) from error\n"
            )
        },
    ),
    Case(
        rule=49,
        about="a retry library",
        refused={PROCEDURES: "import tenacity  # here\n"},
        accepted={"packages/invoicing/service/bank.py": "import decimal\n"},
    ),
    Case(
        rule=49,
        about="a limit on concurrency",
        refused={API: "import asyncio\ngate = asyncio.Semaphore(3)  # here\n"},
        accepted={
            FUNCTIONS: (
                "import inngest\nlimit = inngest.Concurrency(limit=3, key='event.data.tenantId')\n"
            )
        },
    ),
    Case(
        rule=49,
        about="a step in an operation",
        refused={
            WORKFLOW: (
                "async def start_extra(ctx):\n    await ctx.step.run('extra/read', read)  # here\n"
            )
        },
        accepted={FUNCTIONS: FUNCTION + "        await ctx.step.run('extra/read', read)\n"},
    ),
    Case(
        rule=70,
        about="an effect outside a step",
        refused={FUNCTIONS: FUNCTION + "        await write()  # here\n"},
        accepted={FUNCTIONS: FUNCTION + '        await ctx.step.run("extra/write", write)\n'},
    ),
    Case(
        rule=70,
        about="an effect in a block",
        refused={
            FUNCTIONS: FUNCTION + "        async with transaction():  # here\n            ...\n"
        },
        accepted={
            FUNCTIONS: "async def close(ctx):\n"
            '    await ctx.step.run("extra/close", write)\n'
            + FUNCTION
            + "        await close(ctx)\n"
        },
    ),
    Case(
        rule=70,
        about="a send outside a step",
        refused={
            FUNCTIONS: (
                "import inngest\n"
                "def create(client: inngest.Inngest):\n"
                '    @client.create_function(fn_id="extra")\n'
                "    def extra(ctx):\n"
                "        client.send_sync([])  # here\n"
            )
        },
        accepted={FUNCTIONS: FUNCTION + '        await ctx.step.send_event("extra/tell", [])\n'},
    ),
    Case(
        rule=70,
        about="a clock outside a step",
        refused={FUNCTIONS: "import time\n" + FUNCTION + "        started = time.time()  # here\n"},
        accepted={FUNCTIONS: FUNCTION + "        started = ctx.event.ts\n"},
    ),
    Case(
        rule=70,
        about="an id that changes",
        refused={
            FUNCTIONS: FUNCTION + '        await ctx.step.run(f"extra/{new_id()}", write)  # here\n'
        },
        accepted={
            FUNCTIONS: FUNCTION
            + "        for line in lines:\n"
            + '            await ctx.step.run(f"extra/{line}", write)\n'
        },
    ),
    Case(
        rule=70,
        about="an id used twice",
        refused={
            FUNCTIONS: FUNCTION
            + '        await ctx.step.run("extra/write", write)\n'
            + '        await ctx.step.run("extra/write", write)  # here\n'
        },
        accepted={
            FUNCTIONS: FUNCTION
            + '        await ctx.step.run("extra/write", write)\n'
            + '        await ctx.step.run("extra/close", write)\n'
        },
    ),
]
