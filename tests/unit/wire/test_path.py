"""Procedure paths in URLs."""

import pytest

from rawr.wire.path import encode_path, lookup_path, split_url


@pytest.mark.parametrize(
    ("segments", "path"),
    [
        (["ping"], "/ping"),
        (["nested", "a b/c"], "/nested/a%20b%2Fc"),
        (["-_.!~*'()"], "/-_.!~*'()"),
        (["é", "%"], "/%C3%A9/%25"),
        ([], "/"),
    ],
)
def test_paths_are_escaped_by_segment(segments: list[str], path: str) -> None:
    assert encode_path(segments) == path


@pytest.mark.parametrize(
    ("raw", "prefix", "path"),
    [
        (b"/rpc/echo", "/rpc", "/echo"),
        (b"/rpc/echo", "/rpc/", "/echo"),
        (b"/rpc/echo/", "/rpc", "/echo"),
        (b"/rpc/echo//", "/rpc", "/echo/"),
        (b"/rpc//echo", "/rpc", "//echo"),
        (b"/rpc", "/rpc", "/"),
        (b"/rpc/", "/rpc", "/"),
        (b"/rpcx/echo", "/rpc", None),
        (b"/", "/rpc", None),
        (b"/echo", "", "/echo"),
        (b"/echo", "/", "/echo"),
        (b"/rpc/%65cho", "/rpc", "/%65cho"),
        (b"/rpc/rpc/echo", "/rpc", "/rpc/echo"),
        (b"/rpc/\xc3\xa9", "/rpc", "/%C3%A9"),
        (b'/rpc/a"b', "/rpc", "/a%22b"),
    ],
)
def test_the_procedure_path_inside_a_request_path(
    raw: bytes, prefix: str, path: str | None
) -> None:
    assert lookup_path(raw, prefix) == path


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        ("/echo", b"/echo", ""),
        ("/echo?data=1?2", b"/echo", "data=1?2"),
        ("http://orpc/echo?a=b#top", b"/echo", "a=b"),
        ("http://orpc", b"/", ""),
        ("http://orpc?x=1", b"/", "x=1"),
        ("//echo", b"//echo", ""),
        ("/é", "/é".encode(), ""),
    ],
)
def test_a_url_is_split_into_path_and_query(url: str, path: bytes, query: str) -> None:
    assert split_url(url) == (path, query)
