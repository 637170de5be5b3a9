"""The published document and its page, on a host."""

import gzip

import pytest

from rawr.host._mounts import MountTable
from rawr.host._reference import reference_mounts
from rawr.testing.asgi import ASGIClient

DOCUMENT = {"openapi": "3.1.1", "info": {"title": "HQ", "version": "1"}, "paths": {}}


@pytest.fixture
def client() -> ASGIClient:
    mounts = reference_mounts(DOCUMENT, document_path="/doc.json", page_path="/page")
    return ASGIClient(MountTable(mounts))


async def test_the_document_is_served(client: ASGIClient) -> None:
    response = await client.request("GET", "/doc.json")
    assert response.headers["content-type"] == "application/json"
    assert response.json() == DOCUMENT


async def test_the_page_reads_it_under_a_policy_of_its_own(client: ASGIClient) -> None:
    response = await client.request("GET", "/page")
    assert "/doc.json" in response.text
    assert "/page/reference." in response.text
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


async def test_its_files_are_served_as_the_browser_takes_them(client: ASGIClient) -> None:
    packed = await client.request("GET", "/page/scalar.js", headers={"accept-encoding": "gzip"})
    plain = await client.request("GET", "/page/scalar.js")
    if packed.status == 404:
        pytest.fail("The Scalar bundle is missing: run `make reference`")
    assert gzip.decompress(packed.body) == plain.body
    assert (await client.request("GET", "/page/reference.js")).status == 200


async def test_nothing_else_is_there(client: ASGIClient) -> None:
    assert (await client.request("GET", "/page/other.js")).status == 404
    assert (await client.request("HEAD", "/page")).status == 200
    refused = await client.request("POST", "/page")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_a_page_without_a_script_has_none_to_serve(
    client: ASGIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rawr.openapi.reference._page.find_script", lambda given: None)
    assert (await client.request("GET", "/page/scalar.js")).status == 404
    assert 'href="/page/reference.css' in (await client.request("GET", "/page")).text
