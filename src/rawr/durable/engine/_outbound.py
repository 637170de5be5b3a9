"""The engine's one HTTP client."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Final

import httpx2

from rawr.durable.domain.errors import ResponseRejected
from rawr.durable.domain.limits import MAX_RESPONSE_BYTES
from rawr.durable.engine._connections import Connections
from rawr.durable.protocol.response import Answer

_CONNECT_TIMEOUT_S: Final = 10


class Outbound:
    """Makes the client of all HTTP requests when it is first asked for."""

    def __init__(self, *, timeout: timedelta, client: httpx2.AsyncClient | None = None) -> None:
        self._timeout = httpx2.Timeout(timeout.total_seconds(), connect=_CONNECT_TIMEOUT_S)
        self._client = client
        self._given = client
        self._connections: Connections | None = None

    def client(self) -> httpx2.AsyncClient:
        """Return the client."""
        if self._client is None:
            self._client = httpx2.AsyncClient(
                transport=self._network(), timeout=self._timeout, trust_env=False
            )
        return self._client

    async def post(
        self, url: httpx2.URL, headers: Mapping[str, str], body: bytes, *, method: str = "POST"
    ) -> Answer:
        """Make one request and read its whole answer, without following redirects.

        A client would only add what calls do without (cookies, defaults, codings), at a multiple
        of the cost; one that was given makes all requests all the same.

        Raises:
            httpx2.HTTPError: there is no answer.
            ResponseRejected: the answer is too large.
        """
        if self._given is not None:
            return await self._through(self._given, method, url, headers, body)
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        fields += [(b"host", url.netloc), (b"content-length", b"%d" % len(body))]
        fields.append((b"accept-encoding", b"identity"))
        timeout = self._timeout.as_dict()
        answer = await self._network().exchange(method, url, fields, body, timeout=timeout)
        content = answer.body()
        try:
            if content is None:
                content = await _whole(answer.pieces())
        finally:
            answer.close()
        head = answer.head
        named = {name.decode(): value.decode("latin-1") for name, value in head.headers}
        return Answer(status=head.status, headers=named, body=content)

    async def _through(
        self,
        client: httpx2.AsyncClient,
        method: str,
        url: httpx2.URL,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answer:
        request = client.build_request(method, url, headers=headers, content=body)
        response = await client.send(request, stream=True)
        try:
            content = await _whole(response.aiter_bytes())
        finally:
            await response.aclose()
        named = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=named, body=content)

    async def close(self) -> None:
        """Close the connections, if there ever were any."""
        if self._client is not None:
            await self._client.aclose()
        if self._connections is not None:
            await self._connections.aclose()

    def _network(self) -> Connections:
        if self._connections is None:
            self._connections = Connections(lambda: httpx2.create_ssl_context(trust_env=False))
        return self._connections


async def _whole(pieces: AsyncIterator[bytes]) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in pieces:
        size += len(chunk)
        if size > MAX_RESPONSE_BYTES:
            raise ResponseRejected(
                f"output_too_large: the answer is larger than {MAX_RESPONSE_BYTES} bytes"
            )
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
