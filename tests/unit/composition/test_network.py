from ipaddress import ip_network

import pytest

from rawr.composition import NetworkPolicy, is_within

NETWORKS = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))


@pytest.mark.parametrize("address", ["10.1.0.0", "10.1.255.255", "fd12::1", "::ffff:10.1.2.3"])
def test_an_address_of_a_network_is_within(address: str) -> None:
    assert is_within(address, NETWORKS)


@pytest.mark.parametrize(
    "address",
    [
        "10.10.1.1",
        "10.2.0.0",
        "fe80::1",
        "::ffff:10.2.0.0",
        "10.1",
        "10.1.0.0/16",
        "",
        "name",
        None,
    ],
)
def test_other_text_is_not(address: str | None) -> None:
    assert not is_within(address, NETWORKS)


def test_nothing_is_within_no_network() -> None:
    assert not is_within("10.1.0.0", ())


def test_a_policy_that_is_not_enforced_admits_everybody() -> None:
    assert NetworkPolicy(trusted_cidrs=NETWORKS).admits(None)


def test_an_enforced_policy_without_networks_admits_nobody() -> None:
    assert not NetworkPolicy(enforce_internal_only=True).admits("127.0.0.1")


def test_an_enforced_policy_admits_its_networks_only() -> None:
    policy = NetworkPolicy(enforce_internal_only=True, trusted_cidrs=NETWORKS)
    assert policy.admits("10.1.2.3")
    assert not policy.admits("10.2.2.3")
    assert not policy.admits(None)
