"""Cases of the rules about routes and about who calls whom."""

from tests.unit.policy.kit import Case

SERVER = "apps/server/main.py"
SERVICE = "packages/invoicing/service/extra.py"
API = "plugins/api/invoicing/operations/extra.py"
WORKFLOW = "plugins/workflows/invoicing/operations/extra.py"
WEB = "plugins/web/invoicing/index.ts"
MOUNT = "from starlette.routing import Mount, Route\nfrom rawr.host import INGRESS\n"

CASES = [
    Case(
        rule=1,
        about="a fifth family in the host",
        refused={SERVER: MOUNT + 'extra = Mount("/graphql", None)  # here\n'},
        accepted={
            SERVER: MOUNT + 'own = Mount("/rpc", None)\nengine = Mount(INGRESS, None)\n'
            'health = Route("/health", None)\n'
        },
    ),
    Case(
        rule=1,
        about="one family mounted twice",
        refused={
            SERVER: MOUNT + 'first = Mount("/rpc", None)\nsecond = Mount("/rpc", None)  # here\n'
        },
        accepted={SERVER: MOUNT + 'one = Mount("/rpc", None)\ntwo = Mount("/api/orpc", None)\n'},
    ),
    Case(
        rule=1,
        about="a plugin mounts a route",
        refused={API: 'def install(app):\n    app.add_route("/invoices", None)  # here\n'},
        accepted={API: 'def install(books):\n    books.add_line("/invoices", None)\n'},
    ),
    Case(
        rule=1,
        about="by decorator",
        refused={SERVER: 'app = object()\n@app.get("/extra")  # here\ndef extra(): ...\n'},
        accepted={SERVER: 'app = object()\n@app.get("/metrics")\ndef metrics(): ...\n'},
    ),
    Case(
        rule=2,
        about="a micro-frontend calls the ingress",
        refused={WEB: 'await send("/api/inngest");  // here\n'},
        accepted={WEB: '// not send("/api/inngest")\n/* nor `/api/inngest` */\n'},
    ),
    Case(
        rule=2,
        about="inside a template",
        refused={WEB: "const url = `${base}/api/inngest?fnId=${id}`;  // here\n"},
        accepted={WEB: "const url = `${base}/api/workflows/invoicing`;\n"},
    ),
    Case(
        rule=2,
        about="a package knows the ingress",
        refused={SERVICE: 'POLL = "/api/inngest"  # here\n'},
        accepted={SERVICE: '"""Never calls /api/inngest."""\n'},
    ),
    Case(
        rule=2,
        about="the host calls the ingress",
        refused={SERVER: 'import httpx2\nhttpx2.put("https://hq.test/api/inngest")  # here\n'},
        accepted={SERVER: 'INGRESS = "/api/inngest"\n'},
    ),
    Case(
        rule=2,
        about="a sum of strings",
        refused={WEB: 'const it = () => fetch("/api/" + "inngest");  // here\n'},
        accepted={WEB: 'const it = () => show("/api/" + "health");\n'},
    ),
    Case(
        rule=2,
        about="a constant in a template",
        refused={WEB: 'const base = "/api";\nconst url = `${base}/inngest`;  // here\n'},
        accepted={WEB: 'let base = "/api";\nbase = "";\nconst url = `${base}/inngest`;\n'},
    ),
    Case(
        rule=2,
        about="inside a page",
        refused={
            "plugins/web/invoicing/index.html": (
                "<p>Don't call fetch('/api/inngest')</p>\n<!-- '/api/inngest' -->\n"
                "<script type='module'>\n  fetch('/api/inngest');\n</script>\n"
            )
        },
        accepted={"plugins/web/invoicing/index.html": "<script>fetch('/health');</script>\n"},
        at="plugins/web/invoicing/index.html:4",
    ),
    Case(
        rule=2,
        about="a form of a component",
        refused={"plugins/web/invoicing/App.vue": "<template>\n<form action='/api/inngest'/>\n"},
        accepted={"plugins/web/invoicing/App.vue": "<template>\n<form action='/sign-out'/>\n"},
        at="plugins/web/invoicing/App.vue:2",
    ),
    Case(
        rule=2,
        about="a plugin assembles it",
        refused={API: 'BASE = "/api"\n\n\ndef url():\n    return BASE + "/inngest"  # here\n'},
        accepted={API: 'BASE = "/api"\n\n\ndef url():\n    return BASE + "/orpc"\n'},
    ),
    Case(
        rule=9,
        about="an RPC client in the SDK",
        refused={"sdk/index.ts": 'import { RPCLink } from "@orpc/client/fetch";  // here\n'},
        accepted={"sdk/index.ts": 'import { OpenAPILink } from "@orpc/openapi-client/fetch";\n'},
    ),
    Case(
        rule=9,
        about="an RPC client in a published npm package",
        refused={
            "libs/hq/package.json": '{"name": "hq", "publishConfig": {"access": "public"}}\n',
            "libs/hq/index.ts": 'import { RPCLink } from "@orpc/client/fetch";  // here\n',
        },
        accepted={
            "libs/hq/package.json": '{"name": "hq", "private": true}\n',
            "libs/hq/index.ts": 'import { RPCLink } from "@orpc/client/fetch";\n',
        },
    ),
    Case(
        rule=9,
        about="an RPC client in a Python SDK",
        refused={"sdk/hq.py": "from rawr.client import RPCLink  # here\n"},
        accepted={"sdk/hq.py": "from rawr.client import OpenAPILink\n"},
    ),
    Case(
        rule=10,
        about="a hand-written fetch",
        refused={WEB: 'const it = await fetch("/api/workflows/invoicing/runs/1");  // here\n'},
        accepted={WEB: 'const it = await fetch("/assets/logo.svg");\n'},
    ),
    Case(
        rule=10,
        about="in the shell of the host",
        refused={"apps/web/shell.ts": "await fetch(`${base}/rpc/invoicing`);  // here\n"},
        accepted={"apps/web/shell.ts": "await fetch(`${base}/health`);\n"},
    ),
    Case(
        rule=10,
        about="a hand-written event source",
        refused={WEB: "const it = new EventSource(`/api/workflows/${id}/events`);  // here\n"},
        accepted={WEB: "const it = await client.watchRun({ runId });\n"},
    ),
    Case(
        rule=10,
        about="an address with a name",
        refused={WEB: 'const url = "/rpc/invoicing";\nawait fetch(url);  // here\n'},
        accepted={WEB: 'const url = "/assets/logo.svg";\nawait fetch(url);\n'},
    ),
    Case(
        rule=10,
        about="a method of a fetch library",
        refused={WEB: 'await axios.post<Run>("/api/workflows/invoicing/x");  // here\n'},
        accepted={WEB: 'await axios.post("https://bank.example.com");\n'},
    ),
    Case(
        rule=10,
        about="a beacon",
        refused={WEB: 'navigator.sendBeacon("/api/workflows/invoicing/x");  // here\n'},
        accepted={WEB: 'navigator.sendBeacon("/metrics");\n'},
    ),
    Case(
        rule=10,
        about="an XMLHttpRequest",
        refused={WEB: 'request.open("POST", "/api/workflows/invoicing/x");  // here\n'},
        accepted={WEB: 'window.open("/api/orpc/openapi.json", "_blank");\n'},
    ),
    Case(
        rule=10,
        about="no credentials",
        refused={
            WEB: 'const link = new OpenAPILink(contract, { url: "/api/workflows" });  // here\n'
        },
        accepted={
            WEB: (
                "const link = new OpenAPILink<Context>(contract, {\n"
                '  url: "/api/workflows",\n'
                "  fetch: (request, init) =>\n"
                '    fetch(request, { ...init, credentials: "include" }),\n'
                "});\n"
            )
        },
    ),
    Case(
        rule=10,
        about="an OpenAPI link for API calls",
        refused={
            WEB: (
                "const link = new OpenAPILink(api,  // here\n"
                '  { url: "/api/orpc", credentials: "include" });\n'
            )
        },
        accepted={WEB: 'const link = new RPCLink({ url: "/rpc" });\n'},
    ),
    Case(
        rule=14,
        about="a micro-frontend calls it",
        refused={WEB: 'const link = new RPCLink({ url: "/rpc/workflows" });  // here\n'},
        accepted={WEB: 'const path = "/rpc/invoicing/workflows/getRunStatus";\n'},
    ),
    Case(
        rule=14,
        about="the host mounts it",
        refused={SERVER: MOUNT + 'extra = Mount("/rpc/workflows", None)  # here\n'},
        accepted={SERVER: MOUNT + 'own = Mount("/rpc", None)\n'},
    ),
    Case(
        rule=14,
        about="a capability of that name",
        refused={
            "rawr_hq.py": (
                "from rawr.composition import define_capability\n"
                'extra = lambda: define_capability("workflows", provide=None)  # here\n'
            )
        },
        accepted={
            "rawr_hq.py": (
                "from rawr.composition import define_capability\n"
                'extra = lambda: define_capability("billing", provide=None)\n'
            )
        },
    ),
    Case(
        rule=15,
        about="a route of the host sends",
        refused={
            SERVER: (
                "from inngest import Inngest\n"
                "async def trigger(client: Inngest) -> None:\n"
                "    await client.send([])  # here\n"
            )
        },
        accepted={
            SERVER: "async def answer(send) -> None:\n    await send({'type': 'http'})\n",
        },
    ),
    Case(
        rule=15,
        about="an operation that takes a raw request",
        refused={
            WORKFLOW: (
                "from starlette.requests import Request\n"
                "async def trigger_raw(request: Request, dispatch) -> None:\n"
                "    await dispatch.send(None)  # here\n"
            )
        },
        accepted={
            WORKFLOW: (
                "async def trigger_typed(context, input) -> None:\n"
                "    await context.dispatch.send(None)\n"
            )
        },
    ),
    Case(
        rule=22,
        about="an address on this machine",
        refused={SERVICE: 'HQ = "http://localhost:3000/rpc"  # here\n'},
        accepted={SERVICE: 'BANK = "https://bank.example.com/api"\n'},
    ),
    Case(
        rule=22,
        about="assembled from parts",
        refused={API: 'def url(port):\n    return f"http://127.0.0.1:{port}/rpc"  # here\n'},
        accepted={API: 'def url(port):\n    return f"https://bank.example.com:{port}"\n'},
    ),
    Case(
        rule=22,
        about="assembled from a constant",
        refused={
            API: 'ME = "127.0.0.1"\n\n\ndef url():\n    return f"http://{ME}:3000/rpc"  # here\n'
        },
        accepted={
            API: 'BANK = "bank.test"\n\n\ndef url():\n    return f"https://{BANK}:3000/rpc"\n'
        },
    ),
    Case(
        rule=22,
        about="a link in a plugin",
        refused={API: "from rawr.client import RPCLink  # here\n"},
        accepted={API: "from rawr.procedure import create_router_client\n"},
    ),
    Case(
        rule=22,
        about="the host calls itself",
        refused={SERVER: 'import httpx2\nhttpx2.get("http://[::1]:8000/health")  # here\n'},
        accepted={SERVER: 'print("listening on http://localhost:8000")\n'},
    ),
    Case(
        rule=55,
        about="one mount for all",
        refused={SERVER: MOUNT + 'everything = Mount("/api", None)  # here\n'},
        accepted={
            SERVER: MOUNT + 'one = Mount("/api/workflows", None)\nlanding = Route("/", None)\n'
        },
    ),
    Case(
        rule=55,
        about="one mount below the root",
        refused={SERVER: MOUNT + 'everything = Mount("", None)  # here\n'},
        accepted={SERVER: MOUNT + 'assets = Mount("/rawr/plugins/web", None)\n'},
    ),
]
