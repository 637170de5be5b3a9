"""What is emitted compiles strictly, types calls as they are, and calls a live server."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.node_peer import NODE_DIRECTORY, ask_node, node_path, peers_installed

from rawr.http import ASGIApp, OpenAPIHandler, Receive, RPCHandler, Scope, Send
from rawr.typescript import Surface, emit_typescript

from .serving import serving
from .typescript_cases import Root, create_router

pytestmark = pytest.mark.node

SURFACES = (
    Surface(name="rpc", contract=Root, mount="/rpc", link="rpc"),
    Surface(name="rest", contract=Root, mount="/api", link="openapi"),
)
STRICT = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "noUnusedLocals": True,
    "verbatimModuleSyntax": True,
    "erasableSyntaxOnly": True,
    "allowImportingTsExtensions": True,
    "noEmit": True,
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["es2023", "esnext", "dom", "dom.iterable", "dom.asynciterable"],
    "types": [],
    "skipLibCheck": True,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the emitted module, in which the npm peers are found."""
    assert peers_installed(), "The npm peers are missing: run `python tests/node/install.py`"
    (tmp_path / "node_modules").symlink_to(NODE_DIRECTORY / "node_modules")
    (tmp_path / "everything.ts").write_text(emit_typescript(SURFACES))
    config = {"compilerOptions": STRICT, "include": ["*.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    return tmp_path


def compiled(folder: Path) -> str:
    done = subprocess.run(
        [node_path(), NODE_DIRECTORY / "node_modules/typescript/bin/tsc", "-p", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_calls_have_the_types_the_contract_says(folder: Path) -> None:
    source = (NODE_DIRECTORY / "typescript" / "assertions.ts").read_text()
    (folder / "assertions.ts").write_text(source)
    assert compiled(folder) == ""


def test_the_assertions_can_fail(folder: Path) -> None:
    source = (NODE_DIRECTORY / "typescript" / "assertions.ts").read_text()
    changed = source.replace("Everything['when'], Date>", "Everything['when'], string>")
    assert changed != source
    (folder / "assertions.ts").write_text(changed)
    assert "does not satisfy the constraint 'true'" in compiled(folder)


def application() -> ASGIApp:
    rpc = RPCHandler(create_router()).asgi(prefix="/rpc")
    openapi = OpenAPIHandler(create_router())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not await openapi.handle(
            scope, receive, send, prefix="/api"
        ):
            await rpc(scope, receive, send)

    return app


def test_the_clients_call_a_live_server(folder: Path) -> None:
    with serving(application()) as origin:
        question = {"module": str(folder / "everything.ts"), "origin": origin}
        assert ask_node("typescript/live.mjs", question) == {"ok": True}
