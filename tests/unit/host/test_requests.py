from ipaddress import ip_network
from typing import Any

import pytest

from rawr.host._requests import request_info, source_ip

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def scope(*headers: tuple[str, str], client: str = "203.0.113.9") -> dict[str, Any]:
    return {
        "type": "http",
        "client": (client, 4711),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }


def test_ids_come_from_headers() -> None:
    info = request_info(
        scope(("x-request-id", "req-1"), ("x-correlation-id", "corr-1"), ("user-agent", "curl")),
        trusted_proxies=(),
        new_id=lambda: "fresh",
    )
    assert (info.request_id, info.correlation_id, info.user_agent) == ("req-1", "corr-1", "curl")


def test_the_correlation_id_defaults_to_the_request_id() -> None:
    info = request_info(scope(("x-request-id", "req-1")), trusted_proxies=(), new_id=lambda: "f")
    assert info.correlation_id == "req-1"


@pytest.mark.parametrize("hostile", ["../../etc", "a\nb", "", "x" * 200, "<script>", "a b"])
def test_an_unsafe_request_id_is_replaced(hostile: str) -> None:
    info = request_info(scope(("x-request-id", hostile)), trusted_proxies=(), new_id=lambda: "f")
    assert info.request_id == "f"


def test_forwarded_addresses_count_only_from_trusted_proxies() -> None:
    forged = scope(("x-forwarded-for", "192.0.2.1"))
    assert source_ip(forged, PROXIES) == "203.0.113.9"
    relayed = scope(("x-forwarded-for", "192.0.2.1"), client="10.1.2.3")
    assert source_ip(relayed, PROXIES) == "192.0.2.1"


def test_forwarded_addresses_are_read_from_the_right() -> None:
    chain = scope(("x-forwarded-for", "6.6.6.6, 192.0.2.1, fd00::1"), client="10.1.2.3")
    assert source_ip(chain, PROXIES) == "192.0.2.1"


def test_several_lines_of_forwarded_addresses_are_one_list() -> None:
    appended = scope(
        ("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.0.2.1"), client="10.1.2.3"
    )
    assert source_ip(appended, PROXIES) == "192.0.2.1"


def test_a_proxy_seen_through_a_dual_stack_socket_is_trusted() -> None:
    relayed = scope(("x-forwarded-for", "192.0.2.1"), client="::ffff:10.1.2.3")
    assert source_ip(relayed, PROXIES) == "192.0.2.1"


def test_a_trusted_proxy_that_says_nothing_is_the_source() -> None:
    assert source_ip(scope(client="10.1.2.3"), PROXIES) == "10.1.2.3"


def test_without_a_peer_there_is_no_source() -> None:
    assert source_ip({**scope(("x-forwarded-for", "10.1.2.3")), "client": None}, PROXIES) is None
