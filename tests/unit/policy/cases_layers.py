"""Cases of the rules about imports and layers."""

from tests.unit.policy.kit import Case

CLIENT = "packages/invoicing/client.py"
SERVICE = "packages/invoicing/service/extra.py"
API = "plugins/api/invoicing/operations/extra.py"
WORKFLOW = "plugins/workflows/invoicing/operations/extra.py"
WEB = "plugins/web/invoicing/index.ts"

CASES = [
    Case(
        rule=23,
        about="web framework in a package",
        refused={SERVICE: "from starlette.requests import Request  # here\n"},
        accepted={"apps/server/main.py": "from starlette.requests import Request\n"},
    ),
    Case(
        rule=23,
        about="imported inside a function",
        refused={SERVICE: "def serve():\n    import rawr.http  # here\n"},
        accepted={SERVICE: "def serve():\n    import rawr.schema\n"},
    ),
    Case(
        rule=23,
        about="the serve adapter of the engine",
        refused={SERVICE: "import inngest.fast_api  # here\n"},
        accepted={"plugins/workflows/invoicing/durable/serve.py": "import inngest.fast_api\n"},
    ),
    Case(
        rule=23,
        about="through shared infrastructure",
        refused={
            "shared/web.py": "from . import asgi\n",
            "shared/asgi.py": "import uvicorn\n",
            SERVICE: "from shared import web  # here\n",
        },
        accepted={"shared/text.py": "import re\n", SERVICE: "from shared import text\n"},
    ),
    Case(
        rule=26,
        about="another plugin of the capability",
        refused={
            "plugins/workflows/invoicing/operations/extra.py": "LIMIT = 3\n",
            API: "from plugins.workflows.invoicing.operations.extra import LIMIT  # here\n",
        },
        accepted={
            "packages/invoicing/domain/limits.py": "LIMIT = 3\n",
            API: "from packages.invoicing.domain.limits import LIMIT\n",
        },
    ),
    Case(
        rule=26,
        about="by a relative path",
        refused={
            "plugins/workflows/invoicing/operations/extra.py": "LIMIT = 3\n",
            API: "from ....workflows.invoicing.operations import extra  # here\n",
        },
        accepted={
            "plugins/api/invoicing/operations/other.py": "LIMIT = 3\n",
            API: "from . import other\nfrom ..operations.other import LIMIT\n",
        },
    ),
    Case(
        rule=26,
        about="by name at run time",
        refused={
            "plugins/workflows/invoicing/operations/extra.py": "LIMIT = 3\n",
            API: (
                "import importlib\n"
                "extra = importlib.import_module(  # here\n"
                '    "plugins.workflows.invoicing.operations.extra"\n'
                ")\n"
            ),
        },
        accepted={
            "plugins/workflows/invoicing/operations/extra.py": "LIMIT = 3\n",
            API: (
                "from typing import TYPE_CHECKING\n"
                "if TYPE_CHECKING:\n"
                "    from plugins.workflows.invoicing.operations import extra\n"
            ),
        },
    ),
    Case(
        rule=26,
        about="between micro-frontends",
        refused={WEB: 'import { badge } from "../billing/badge";  // here\n'},
        accepted={WEB: 'import { badge } from "./badge";\n'},
    ),
    Case(
        rule=27,
        about="a package imports a plugin",
        refused={
            "plugins/api/invoicing/operations/extra.py": "LIMIT = 3\n",
            SERVICE: "from plugins.api.invoicing.operations.extra import LIMIT  # here\n",
        },
        accepted={"packages/invoicing/domain/limits.py": "LIMIT = 3\n"},
    ),
    Case(
        rule=27,
        about="for types alone",
        refused={
            "plugins/api/invoicing/operations/extra.py": "LIMIT = 3\n",
            SERVICE: (
                "from typing import TYPE_CHECKING\n"
                "if TYPE_CHECKING:\n"
                "    from plugins.api.invoicing.operations import extra  # here\n"
            ),
        },
        accepted={SERVICE: "from typing import TYPE_CHECKING\n"},
    ),
    Case(
        rule=27,
        about="a plugin imports the manifest",
        refused={API: "import rawr_hq  # here\n"},
        accepted={"apps/server/main.py": "import rawr_hq\n"},
    ),
    Case(
        rule=27,
        about="a package imports the framework's host",
        refused={SERVICE: "from rawr.host import Settings  # here\n"},
        accepted={"apps/server/main.py": "from rawr.host import Settings\n"},
    ),
    Case(
        rule=27,
        about="shared code imports a package",
        refused={
            "packages/invoicing/domain/limits.py": "LIMIT = 3\n",
            "shared/limits.py": "from packages.invoicing.domain.limits import LIMIT  # here\n",
        },
        accepted={
            "shared/limits.py": "LIMIT = 3\n",
            SERVICE: "from shared.limits import LIMIT\n",
        },
    ),
    Case(
        rule=27,
        about="a micro-frontend imports the host",
        refused={WEB: 'import { theme } from "../../../apps/web/theme";  // here\n'},
        accepted={WEB: 'import { theme } from "../../../shared/theme";\n'},
    ),
    Case(
        rule=27,
        about="through a module of no layer",
        refused={
            "glue.py": "LIMIT = 3\n",
            SERVICE: "from glue import LIMIT  # here\n",
        },
        accepted={
            "glue.py": "from packages.invoicing.service import extra\n",
            SERVICE: "LIMIT = 3\n",
        },
    ),
    Case(
        rule=28,
        about="a plugin imports a driver",
        refused={API: "import sqlite3  # here\n"},
        accepted={
            SERVICE: (
                "from sqlite3 import Connection\n"
                "class Books:\n"
                "    def __init__(self, connection: Connection) -> None: ...\n"
            )
        },
    ),
    Case(
        rule=28,
        about="a package opens a database",
        refused={SERVICE: 'import sqlite3\nbooks = sqlite3.connect("books.db")  # here\n'},
        accepted={"apps/server/main.py": 'import sqlite3\nbooks = sqlite3.connect("books.db")\n'},
    ),
    Case(
        rule=37,
        about="the server's client in the browser",
        refused={
            WEB: 'import { client } from "../../../packages/invoicing/client";  // here\n',
        },
        accepted={WEB: 'import { badge } from "../../../packages/invoicing/browser";\n'},
    ),
    Case(
        rule=37,
        about="loaded when needed",
        refused={
            WEB: "const it = await import(`@/packages/invoicing/service/runs`);  // here\n",
        },
        accepted={WEB: '// import { client } from "../../../packages/invoicing/client";\n'},
    ),
    Case(
        rule=37,
        about="a server library in the browser",
        refused={WEB: 'import { os } from "@orpc/server";  // here\n'},
        accepted={WEB: 'import { createORPCClient } from "@orpc/client";\n'},
    ),
    Case(
        rule=37,
        about="a browser entry that leads to the server",
        refused={
            "packages/invoicing/service/extra.py": "SECRET = 1\n",
            "packages/invoicing/domain/badges.py": "",
            "packages/invoicing/browser.py": (
                "from packages.invoicing.service.extra import SECRET  # here\n"
            ),
        },
        accepted={
            "packages/invoicing/domain/badges.py": "BADGE = 1\n",
            "packages/invoicing/browser.py": (
                "from packages.invoicing.domain.badges import BADGE\n"
            ),
        },
    ),
    Case(
        rule=37,
        about="a browser entry with the framework's server",
        refused={"packages/invoicing/browser.py": "import rawr.procedure  # here\n"},
        accepted={"packages/invoicing/browser.py": "import rawr.contract\n"},
    ),
    Case(
        rule=37,
        about="a script entry that leads to the server",
        refused={
            "packages/invoicing/browser.ts": 'export * from "./service/runs";  // here\n',
        },
        accepted={"packages/invoicing/browser.ts": 'export * from "./domain/status";\n'},
    ),
    Case(
        rule=60,
        about="the host imports a router",
        refused={
            "plugins/api/invoicing/operations/extra.py": "LIMIT = 3\n",
            "apps/server/main.py": (
                "from plugins.api.invoicing.operations.extra import LIMIT  # here\n"
            ),
        },
        accepted={"apps/server/main.py": "from rawr_hq import manifest\n"},
    ),
    Case(
        rule=60,
        about="the manifest imports past a surface",
        refused={
            "plugins/api/invoicing/operations/extra.py": "LIMIT = 3\n",
            "rawr_hq.py": "from plugins.api.invoicing.operations.extra import LIMIT  # here\n",
        },
        accepted={
            "packages/invoicing/capability.py": "LIMIT = 3\n",
            "rawr_hq.py": "from packages.invoicing.capability import LIMIT\n",
        },
    ),
    Case(
        rule=37,
        about="a Python module of a micro-frontend",
        refused={
            "packages/invoicing/service/extra.py": "LIMIT = 3\n",
            "plugins/web/invoicing/build.py": (
                "from packages.invoicing.service.extra import LIMIT  # here\n"
            ),
        },
        accepted={
            "packages/invoicing/browser.py": "LIMIT = 3\n",
            "plugins/web/invoicing/build.py": ("from packages.invoicing.browser import LIMIT\n"),
        },
    ),
    Case(
        rule=37,
        about="a browser entry that leads to the framework's server",
        refused={
            "shared/tables.py": "import rawr.sqlite\n",
            "packages/invoicing/browser.py": "from shared import tables  # here\n",
        },
        accepted={
            "shared/texts.py": "import rawr.schema\n",
            "packages/invoicing/browser.py": "from shared import texts\n",
        },
    ),
]
