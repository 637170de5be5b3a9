"""The metrics of the engine inside, and who may read them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.composition.kit import capability
from tests.unit.host.kit import ADA, client_of, settings_for

from rawr.composition import CallerClass, compose_capabilities
from rawr.host import Host, InngestSettings, TokenIdentity, boot
from rawr.testing.asgi import ASGIClient

MANIFEST = compose_capabilities([capability(listeners=[("one", "a")])])
PEOPLE = {
    "ada": ADA,
    "service": replace(ADA, subject="service", caller=CallerClass.SERVICE),
    "partner": replace(ADA, subject="partner", caller=CallerClass.THIRD_PARTY),
}


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    identity = TokenIdentity.of(PEOPLE)
    async with boot(MANIFEST, settings_for(tmp_path), identity=identity) as running:
        yield running


@pytest.mark.parametrize("who", ["ada", "service"])
async def test_first_parties_and_services_read_what_the_engine_did(host: Host, who: str) -> None:
    await host.coordination.relay.drain()
    answer = await client_of(host, who).request("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE rawr_engine_events_total counter" in answer.text
    assert "rawr_engine_queue_depth 0" in answer.text


async def test_third_parties_may_not(host: Host) -> None:
    answer = await client_of(host, "partner").request("GET", "/metrics")
    assert (answer.status, answer.json()) == (
        403,
        {
            "defined": False,
            "code": "FORBIDDEN",
            "status": 403,
            "message": "/metrics is for first parties and services.",
        },
    )


async def test_nor_may_who_is_not_known(host: Host) -> None:
    answer = await ASGIClient(host.app).request("GET", "/metrics")
    assert (answer.status, "rawr_engine" in answer.text) == (401, False)


async def test_they_are_read_and_nothing_else(host: Host) -> None:
    answer = await client_of(host).request("POST", "/metrics")
    assert (answer.status, answer.headers["allow"]) == (405, "GET")


async def test_the_metrics_of_a_server_are_its_own(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path, engine="inngest", inngest=InngestSettings(dev="http://127.0.0.1:9")
    )
    async with boot(MANIFEST, settings, identity=TokenIdentity.of(PEOPLE)) as running:
        answer = await client_of(running).request("GET", "/metrics")
    assert answer.status == 404
    assert "the Inngest server at http://127.0.0.1:9 executes the functions" in answer.text
