"""Packages that call other packages: bound once, whoever asks first."""

from dataclasses import dataclass

import pytest
from tests.unit.composition.kit import capability, host_ports

from rawr.composition import CompositionError, HostPorts, compose_capabilities, define_capability


@dataclass(frozen=True, eq=False)
class Orders:
    """The ports of a package."""


@dataclass(frozen=True)
class Billing:
    """The ports of a package that calls the other one."""

    orders: Orders


def provide_orders(ports: HostPorts) -> Orders:
    return Orders()


def provide_billing(ports: HostPorts) -> Billing:
    return Billing(orders=ports.package(provide_orders))


def test_a_package_is_bound_once_whoever_asks_first() -> None:
    ports = host_ports()
    billing = ports.package(provide_billing)
    assert billing.orders is ports.package(provide_orders)
    assert ports.package(provide_billing) is billing
    assert host_ports().package(provide_orders) is not billing.orders


def test_a_manifest_binds_the_packages_that_others_call_with_the_same_ports() -> None:
    seen: list[object] = []
    orders, billing = capability("orders"), capability("billing")

    def watched(ports: HostPorts) -> str:
        seen.append(ports.package(provide_orders))
        return "billing"

    manifest = compose_capabilities(
        [
            define_capability("billing", provide=watched, api=billing.api),
            define_capability("orders", provide=provide_orders, api=orders.api),
        ]
    )
    ports = host_ports()
    manifest.bind(ports)
    assert seen == [ports.package(provide_orders)]


def test_packages_that_need_each_other_are_refused_by_name() -> None:
    def provide_hen(ports: HostPorts) -> object:
        return ports.package(provide_egg)

    def provide_egg(ports: HostPorts) -> object:
        return ports.package(provide_hen)

    with pytest.raises(CompositionError, match=r"provide_hen \(tests/unit/composition/test_ports"):
        host_ports().package(provide_hen)


def test_a_package_that_could_not_be_bound_is_tried_again() -> None:
    attempts: list[int] = []

    def provide(ports: HostPorts) -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("away")

    ports = host_ports()
    with pytest.raises(OSError, match="away"):
        ports.package(provide)
    ports.package(provide)
    ports.package(provide)
    assert len(attempts) == 2
