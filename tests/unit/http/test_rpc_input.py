from urllib.parse import quote

import pytest
from tests.unit.http.kit import rpc_client

MALFORMED = (
    b'{"json":{"defined":false,"code":"BAD_REQUEST","status":400,"message":"Malformed request. '
    b"Ensure the request body is properly formatted and the 'Content-Type' header is set "
    b'correctly."}}'
)


async def test_get_reads_the_last_data_of_the_query() -> None:
    data = quote('{"json":{"n":2}}')
    response = await rpc_client().request("GET", f"/rpc/getOnly?data=x&data={data}")
    assert response.body == b'{"json":{"n":2}}'


@pytest.mark.parametrize("query", ["", "?data=", "?data=%7B%7D", "?other=1"])
async def test_get_without_data_has_no_input(query: str) -> None:
    response = await rpc_client(strict_get=False).request("GET", f"/rpc/optional{query}")
    assert response.body == b'{"json":true}'


@pytest.mark.parametrize("body", [b"", b"{}", b'{"meta":null}', b'{"other":1}', b"[1]", b'"text"'])
async def test_a_body_without_json_has_no_input(body: bytes) -> None:
    response = await rpc_client().request("POST", "/rpc/optional", body=body)
    assert response.body == b'{"json":true}'


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"null",
        b"\xff",
        b'{"json":{},"meta":{}}',
        b'{"json":{"n":1},"meta":[[1,"x"]]}',
        b'{"json":"007","meta":[[0]]}',
    ],
)
async def test_malformed_bodies_are_refused_with_the_protocols_words(body: bytes) -> None:
    response = await rpc_client().request("POST", "/rpc/echo", body=body)
    assert (response.status, response.body) == (400, MALFORMED)


async def test_malformed_queries_are_refused_too() -> None:
    response = await rpc_client().request("GET", "/rpc/getOnly?data=%7B")
    assert (response.status, response.body) == (400, MALFORMED)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
async def test_json_may_come_with_parameters(content_type: str) -> None:
    response = await rpc_client().request(
        "POST",
        "/rpc/echo",
        headers={"content-type": content_type},
        body='{"json":"ü"}'.encode(),
    )
    assert response.text == '{"json":"ü"}'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"json=1"),
        ("text/plain", b'{"json":1}'),
        ("image/png", b'{"json":1}'),
    ],
)
async def test_other_bodies_carry_no_rpc_input(content_type: str, body: bytes) -> None:
    response = await rpc_client().request(
        "POST", "/rpc/optional", headers={"content-type": content_type}, body=body
    )
    assert response.body == b'{"json":true}'


async def test_an_event_stream_is_no_input_of_a_plain_procedure() -> None:
    response = await rpc_client().request(
        "POST", "/rpc/validate", headers={"content-type": "text/event-stream"}, body=b""
    )
    assert response.status == 400
    assert response.json()["json"]["message"] == "Input validation failed"


async def test_native_types_keep_their_tags_both_ways() -> None:
    body = b'{"json":{"d":"1970-01-01T00:00:00.000Z","b":"1","s":[1]},"meta":[[1,"d"],[6,"s"]]}'
    response = await rpc_client().request("POST", "/rpc/echo", body=body)
    assert response.body == (
        b'{"json":{"d":"1970-01-01T00:00:00.000Z","b":"1","s":[1]},"meta":[[1,"d"],[6,"s"]]}'
    )


async def test_a_root_file_travels_as_a_form_both_ways() -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="data"\r\n\r\n{"json":{},"maps":[[]]}\r\n'
        b'--B\r\nContent-Disposition: form-data; name="0"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\nabc\r\n--B--\r\n"
    )
    response = await rpc_client().request(
        "POST", "/rpc/file", headers={"content-type": "multipart/form-data; boundary=B"}, body=body
    )
    assert response.status == 200
    assert response.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="data"\r\n\r\n{"json":{},"maps":[[]]}\r\n' in response.body
    assert b'name="0"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nabc' in response.body


async def test_a_form_without_its_file_is_malformed() -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="data"\r\n\r\n{"json":{},"maps":[[]]}\r\n'
        b"--B--\r\n"
    )
    response = await rpc_client().request(
        "POST", "/rpc/file", headers={"content-type": "multipart/form-data; boundary=B"}, body=body
    )
    assert (response.status, response.body) == (400, MALFORMED)


async def test_invalid_input_names_every_issue() -> None:
    response = await rpc_client().request("POST", "/rpc/validate", body=b'{"json":{"n":"x"}}')
    assert response.status == 400
    error = response.json()["json"]
    assert (error["code"], error["message"]) == ("BAD_REQUEST", "Input validation failed")
    assert [issue["path"] for issue in error["data"]["issues"]] == [["n"]]


async def test_no_output_is_an_empty_payload() -> None:
    response = await rpc_client().request("POST", "/rpc/nothing", body=b"{}")
    assert (response.status, response.body) == (200, b"{}")
    assert response.headers == {"content-type": "application/json", "content-length": "2"}
