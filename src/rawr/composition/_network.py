"""Addresses and the networks they belong to."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

IPNetwork: TypeAlias = IPv4Network | IPv6Network


def is_within(address: str | None, networks: Iterable[IPNetwork]) -> bool:
    """True if the text is an address of one of the networks.

    An IPv4 address as a dual-stack socket shows it (`::ffff:10.0.0.1`) counts as IPv4.
    """
    if address is None:
        return False
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)
