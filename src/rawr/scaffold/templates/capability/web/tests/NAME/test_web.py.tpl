"""The web plugin of $name."""

import json
from pathlib import Path

from click.testing import CliRunner
from rawr.cli import main
from rawr.host import Host
from rawr.testing.asgi import ASGIClient

from plugins.web.$name import surface

ROOT = Path(__file__).parents[2]
PAGE = "/rawr/plugins/web/$name/"


def test_its_contract_is_up_to_date() -> None:
    file = surface.source / "src" / "hq.ts"
    options = ("typescript", str(ROOT), "--web", "-o", str(file), "--check")
    done = CliRunner().invoke(main, [*options, "--capability", "$name"])
    assert done.exit_code == 0, done.output


def test_its_metadata_says_what_it_is() -> None:
    package = json.loads((surface.source / "package.json").read_text())
    assert package["rawr"] == {"kind": "web", "capability": "$name"}


async def test_its_page_is_not_for_strangers(host: Host) -> None:
    is_built = (surface.directory / surface.entry).is_file()
    response = await ASGIClient(host.app).request("GET", PAGE)
    assert response.status == (401 if is_built else 503)
