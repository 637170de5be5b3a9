from collections.abc import Iterator

from tests.unit.http.kit import rpc_client

TOO_LARGE = (
    b'{"json":{"defined":false,"code":"PAYLOAD_TOO_LARGE","status":413,'
    b'"message":"The request body exceeds 20 bytes"}}'
)


async def test_a_body_at_the_limit_is_read() -> None:
    response = await rpc_client(max_body_bytes=20).request(
        "POST", "/rpc/echo", headers={"content-length": "20"}, body=b'{"json":"123456789"}'
    )
    assert response.status == 200


async def test_a_body_declared_too_long_is_refused_unread() -> None:
    async with rpc_client(max_body_bytes=20).stream(
        "POST", "/rpc/echo", headers={"content-length": "21"}, body=[b"never", b"read"]
    ) as exchange:
        assert exchange.status == 413
        assert await exchange.chunk() == TOO_LARGE


async def test_an_absurd_length_is_refused() -> None:
    response = await rpc_client(max_body_bytes=20).request(
        "POST", "/rpc/echo", headers={"content-length": "9" * 5000}
    )
    assert response.status == 413


async def test_a_body_longer_than_declared_is_counted() -> None:
    response = await rpc_client(max_body_bytes=20).request(
        "POST", "/rpc/echo", headers={"content-length": "1"}, body=b"x" * 21
    )
    assert (response.status, response.body) == (413, TOO_LARGE)


async def test_a_streamed_body_is_counted_while_it_comes() -> None:
    taken: list[int] = []

    def chunks() -> Iterator[bytes]:
        for index in range(100):
            taken.append(index)
            yield b"x" * 10

    response = await rpc_client(max_body_bytes=20).request("POST", "/rpc/echo", body=chunks())
    assert (response.status, response.body) == (413, TOO_LARGE)


async def test_a_body_in_pieces_is_put_together() -> None:
    response = await rpc_client().request(
        "POST", "/rpc/echo", body=[b'{"js', b'on":"a', b"", b'b"}']
    )
    assert response.body == b'{"json":"ab"}'
