"""Boot order, closing order, and what is left behind when a stage fails."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import inngest
import pytest
from tests.unit.composition.kit import Context, Seen, Text, capability
from tests.unit.host.kit import ask_at_once, booted, client_of

from rawr.composition import (
    CompositionError,
    HostPorts,
    compose_capabilities,
    define_api_surface,
    define_capability,
    define_web_surface,
)
from rawr.coordination import EventType
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import NotRunning
from rawr.host import (
    BootStages,
    EmbeddedEngine,
    EngineBundle,
    InngestSettings,
    MountTable,
    NoEngineInside,
    Resources,
    RunOutcomes,
    Settings,
    Telemetry,
)
from rawr.host._app import build_mounts
from rawr.host._boot import make_functions, open_engine
from rawr.host._telemetry import start_telemetry
from rawr.procedure import implement
from rawr.sqlite import DatabaseClosed, DirectoryLocked
from rawr.testing.asgi import ASGIClient

SMALL = compose_capabilities([capability()])
READY = b'{"ready":true,"checks":{"database":"ok","engine":"ok","relay":"ok"}}'


class Watched:
    """The real stages, each telling that it ran."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.bundle: EngineBundle | None = None
        self.resources: Resources | None = None
        self.table: MountTable | None = None

    @property
    def stages(self) -> BootStages:
        return BootStages(
            start_telemetry=self.start_telemetry,
            open_engine=self.open_engine,
            make_functions=self.make_functions,
            build_mounts=self.build_mounts,
        )

    def start_telemetry(self) -> Telemetry:
        self.order.append("telemetry")
        return start_telemetry()

    async def open_engine(self, settings: Settings, clock: Clock) -> EngineBundle:
        self.order.append("engine")
        self.bundle = await open_engine(settings, clock)
        return self.bundle

    async def make_functions(self, bundle: EngineBundle, bound: Any, outcomes: RunOutcomes) -> Any:
        self.order.append("functions")
        assert bundle is self.bundle
        return await make_functions(bundle, bound, outcomes)

    def build_mounts(self, resources: Resources) -> MountTable:
        self.order.append("mounts")
        self.resources = resources
        self.table = build_mounts(resources)
        return self.table


async def test_telemetry_then_engine_then_functions_then_mounts(tmp_path: Path) -> None:
    watched = Watched()
    async with booted(SMALL, tmp_path, stages=watched.stages):
        assert watched.order == ["telemetry", "engine", "functions", "mounts"]


async def test_telemetry_starts_before_the_data_folder_is_touched(tmp_path: Path) -> None:
    def start() -> Telemetry:
        assert not (tmp_path / "data").exists()
        return start_telemetry()

    async with booted(SMALL, tmp_path / "data", stages=BootStages(start_telemetry=start)):
        assert (tmp_path / "data").exists()


async def test_the_route_families_are_mounted_in_their_order(tmp_path: Path) -> None:
    async with booted(SMALL, tmp_path) as host:
        assert [mount.prefix for mount in host.mounts.mounts] == [
            "/api/inngest",
            "/api/workflows",
            "/rpc",
            "/api/orpc/openapi.json",
            "/api/orpc/reference",
            "/api/orpc/reference/scalar.js",
            "/api/orpc/reference/reference.js",
            "/api/orpc/reference/reference.css",
            "/api/orpc",
            "/rawr/plugins/web",
            "/metrics",
            "/health",
            "/ready",
            "/landing.css",
            "/sign-in",
            "/sign-out",
            "/",
        ]


async def test_the_mounts_that_answer_are_the_ones_that_were_built(tmp_path: Path) -> None:
    watched = Watched()
    async with booted(SMALL, tmp_path, stages=watched.stages) as host:
        assert host.mounts is watched.table


async def test_there_is_one_client_and_one_engine(tmp_path: Path) -> None:
    seen, watched = Seen(), Watched()
    manifest = compose_capabilities(
        [
            capability("alpha", listeners=[("one", "a")], seen=seen),
            capability("beta", listeners=[("two", "b")], seen=seen),
        ]
    )
    async with booted(manifest, tmp_path, stages=watched.stages) as host:
        assert watched.bundle is not None
        assert watched.resources is not None
        assert host.bundle is watched.bundle
        assert seen.clients == [watched.bundle.client] * 2
        assert [function.id for function in watched.resources.functions] == [
            "rawr-hq-one",
            "rawr-hq-two",
            "rawr-hq-rawr.run-outcomes",
        ]
        assert {one.id for one in host.engine.functions()} == {
            function.id for function in watched.resources.functions
        }


async def test_every_request_passes_telemetry(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="rawr.host")
    async with booted(SMALL, tmp_path) as host:
        for path in ("/health", "/rpc/nope", "/api/inngest", "/nowhere"):
            await client_of(host).request("GET", path)
    requests = [record for record in caplog.records if vars(record).get("action") == "http.request"]
    assert [vars(record)["status"] for record in requests] == [200, 404, 403, 404]


async def test_health_is_exactly_ok(tmp_path: Path) -> None:
    async with booted(SMALL, tmp_path) as host:
        response = await client_of(host).request("GET", "/health")
        assert (response.status, response.body) == (200, b'{"ok":true}')
        assert response.headers["content-type"] == "application/json"


async def test_it_is_ready_only_while_it_serves(tmp_path: Path) -> None:
    before = []

    def build(resources: Resources) -> MountTable:
        table = build_mounts(resources)
        before.append(ask_at_once(table, "/ready").status)
        return table

    async with booted(SMALL, tmp_path, stages=BootStages(build_mounts=build)) as host:
        during = ask_at_once(host.mounts, "/ready")
    after = ask_at_once(host.mounts, "/ready")

    assert before == [503]
    assert (during.status, during.body) == (200, READY)
    assert (after.status, after.body) == (503, READY.replace(b"true", b"false"))


async def test_it_is_healthy_though_not_ready(tmp_path: Path) -> None:
    async with booted(SMALL, tmp_path) as host:
        pass
    assert ask_at_once(host.mounts, "/health").status == 200


async def test_what_was_opened_is_closed_in_reverse(tmp_path: Path) -> None:
    closed: list[str] = []
    lent = Seen()

    def told(name: str, close: Callable[[], Any]) -> Callable[[], Any]:
        async def closing() -> Any:
            closed.append(name)
            return await close()

        return closing

    async def open_watched(settings: Settings, clock: Clock) -> EngineBundle:
        bundle = await open_engine(settings, clock)
        assert isinstance(bundle, EmbeddedEngine)
        engine: Any = bundle.engine
        close = engine.close

        async def close_last() -> None:
            with pytest.raises(DatabaseClosed):
                await lent.ports[0].database.read(lambda _: None)
            closed.append("engine closed, after the database")
            await close()

        engine.drain = told("engine drained", engine.drain)
        engine.close = close_last
        return bundle

    manifest = compose_capabilities([capability(seen=lent)])
    stages = BootStages(open_engine=open_watched)
    async with booted(manifest, tmp_path, stages=stages) as host:
        relay: Any = host.coordination.relay
        relay.drain = told("outbox drained", relay.drain)
        assert closed == []
    assert closed == ["outbox drained", "engine drained", "engine closed, after the database"]
    with pytest.raises(NotRunning):
        await host.engine.send([])


def fails(*_: object) -> Any:
    raise RuntimeError("this stage fails")


@pytest.mark.parametrize(
    "stages",
    [
        BootStages(start_telemetry=fails),
        BootStages(open_engine=fails),
        BootStages(make_functions=fails),
        BootStages(build_mounts=fails),
    ],
    ids=["telemetry", "engine", "functions", "mounts"],
)
async def test_a_failed_boot_leaves_nothing_behind(tmp_path: Path, stages: BootStages) -> None:
    with pytest.raises(RuntimeError, match="this stage fails"):
        async with booted(SMALL, tmp_path, stages=stages):
            raise AssertionError("must not serve")
    async with booted(SMALL, tmp_path) as host:
        assert ask_at_once(host.mounts, "/ready").status == 200


async def test_an_event_nobody_listens_to_stops_the_boot(tmp_path: Path) -> None:
    manifest = compose_capabilities([capability(events=[EventType("alpha.asked", Text)])])
    with pytest.raises(CompositionError, match=r"alpha\.asked"):
        async with booted(manifest, tmp_path):
            raise AssertionError("must not serve")


async def test_an_unimplemented_procedure_stops_the_boot_before_the_data_is_touched(
    tmp_path: Path,
) -> None:
    small = capability()
    assert small.api is not None
    surface = define_api_surface(
        contract=small.api.contract,
        create_router=implement(small.api.contract, Context).router,
        create_context=small.api.create_context,
    )
    manifest = compose_capabilities(
        [define_capability("alpha", provide=lambda _ports: "", api=surface)]
    )
    with pytest.raises(CompositionError, match=r"api plugin of alpha .* echo_text is not"):
        async with booted(manifest, tmp_path / "data"):
            raise AssertionError("must not serve")
    assert not (tmp_path / "data").exists()


async def test_a_plugin_that_gets_in_front_of_the_telemetry_stops_the_boot(tmp_path: Path) -> None:
    def create_functions(client: inngest.Inngest, _ports: str) -> list[Any]:
        client.middleware = client.middleware[1:]
        return []

    small = capability()
    assert small.workflows is not None
    surface = replace(small.workflows, create_functions=create_functions)
    manifest = compose_capabilities(
        [define_capability("alpha", provide=lambda _ports: "", workflows=surface)]
    )
    with pytest.raises(CompositionError, match="replaced or preceded the host's telemetry"):
        async with booted(manifest, tmp_path):
            raise AssertionError("must not serve")


async def test_every_function_call_passes_telemetry(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="rawr.host")
    called = asyncio.Event()

    def create_functions(client: inngest.Inngest, _ports: str) -> list[inngest.Function[Any]]:
        @client.create_function(fn_id="answer", trigger=inngest.TriggerEvent(event="alpha.asked"))
        async def answer(ctx: inngest.Context) -> None:
            called.set()

        return [answer]

    small = capability()
    assert small.workflows is not None
    surface = replace(small.workflows, create_functions=create_functions)
    manifest = compose_capabilities(
        [define_capability("alpha", provide=lambda _ports: "", workflows=surface)]
    )
    watched = Watched()
    async with booted(manifest, tmp_path, stages=watched.stages):
        assert watched.bundle is not None
        asked = inngest.Event(name="alpha.asked", data={"correlationId": "cor-1"})
        await watched.bundle.client.send(asked)
        await called.wait()
    (call,) = (vars(it) for it in caplog.records if vars(it).get("action") == "function.call")
    assert (call["function_id"], call["correlation_id"]) == ("rawr-hq-answer", "cor-1")


async def test_what_goes_wrong_while_serving_is_raised_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with booted(SMALL, tmp_path):
            raise ZeroDivisionError


async def test_a_second_host_on_the_same_data_is_refused(tmp_path: Path) -> None:
    async with booted(SMALL, tmp_path) as first:
        with pytest.raises(DirectoryLocked, match=str(tmp_path)) as refused:
            async with booted(SMALL, tmp_path):
                raise AssertionError("must not serve")
        assert refused.value.pid is not None
        assert ask_at_once(first.mounts, "/ready").status == 200
    async with booted(SMALL, tmp_path) as second:
        assert ask_at_once(second.mounts, "/ready").status == 200


async def test_a_capability_is_bound_to_the_hosts_own_clock_and_ids(tmp_path: Path) -> None:
    seen = Seen()
    async with booted(compose_capabilities([capability(seen=seen)]), tmp_path):
        (ports,) = seen.ports
        assert isinstance(ports, HostPorts)
        assert ports.now().tzinfo is not None
        first, second = ports.new_id(), ports.new_id()
        assert first < second


async def test_production_refuses_a_web_plugin_that_is_not_built(tmp_path: Path) -> None:
    surface = define_web_surface(title="Small", directory=tmp_path / "dist")
    (item,) = SMALL.capabilities
    manifest = replace(SMALL, capabilities=(replace(item, web=surface),))
    secret = "0123456789abcdef" * 2
    with pytest.raises(CompositionError, match=r"not built.*index\.js.*rawr web build"):
        async with booted(manifest, tmp_path, mode="production", service_token=secret):
            pass


async def test_development_starts_without_it(tmp_path: Path) -> None:
    surface = define_web_surface(title="Small", directory=tmp_path / "dist")
    (item,) = SMALL.capabilities
    manifest = replace(SMALL, capabilities=(replace(item, web=surface),))
    async with booted(manifest, tmp_path) as host:
        path = f"/rawr/plugins/web/{item.name}/"
        assert (await ASGIClient(host.app).request("GET", path)).status == 503


async def test_with_an_inngest_server_there_is_no_engine_inside(tmp_path: Path) -> None:
    server = InngestSettings(dev="http://127.0.0.1:9")
    async with booted(SMALL, tmp_path, engine="inngest", inngest=server) as host:
        with pytest.raises(NoEngineInside, match=r"the Inngest server at http://127\.0\.0\.1:9"):
            _ = host.engine
        assert not (tmp_path / "engine").exists()
        assert ask_at_once(host.mounts, "/ready").status == 503
        assert ask_at_once(host.mounts, "/health").status == 200


async def test_the_engine_knows_an_hq_by_its_app_id(tmp_path: Path) -> None:
    manifest = compose_capabilities([capability(listeners=[("one", "a")])])
    async with booted(manifest, tmp_path, app_id="acme-hq") as host:
        assert "acme-hq-one" in {function.id for function in host.engine.functions()}
