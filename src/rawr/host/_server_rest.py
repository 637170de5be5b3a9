"""The REST API of an Inngest server, for operators who reach the HQ's socket and have no keys."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import httpx2
from inngest._internal import server_lib
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from rawr.durable.protocol.signing import hash_signing_key

_EVENTS: Final = "/e/"
_NOT_OFFERED: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})
_KIND_HEADER: Final = server_lib.HeaderKey.SERVER_KIND.value
_KIND: Final = "cloud"
_TYPE: Final = "content-type"


class ServerRest:
    """An ASGI application that passes on what it is asked, and adds the HQ's keys."""

    def __init__(
        self,
        *,
        http: httpx2.AsyncClient,
        origin: str,
        event_url: str,
        signing_keys: Sequence[str],
    ) -> None:
        self._http = http
        self._origin = origin
        self._event_url = event_url
        bearers = [{"authorization": f"Bearer {hash_signing_key(key)}"} for key in signing_keys]
        self._credentials: list[dict[str, str]] = bearers or [{}]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            response = await self._answer(Request(scope, receive))
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            answer = await self._ask(request)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            said = str(error) or type(error).__name__
            return self._refusal(HTTPStatus.BAD_GATEWAY, f"which cannot be reached: {said}")
        if answer.status_code in _NOT_OFFERED and not answer.content.startswith(b"{"):
            return self._refusal(
                HTTPStatus.NOT_IMPLEMENTED, "which does not offer that; use its dashboard there"
            )
        return Response(
            answer.content,
            answer.status_code,
            {
                _TYPE: answer.headers.get(_TYPE, "text/plain"),
                _KIND_HEADER: answer.headers.get(_KIND_HEADER, _KIND),
            },
        )

    async def _ask(self, request: Request) -> httpx2.Response:
        """Ask with the current key, then with the one before."""
        path, query, body = request.url.path, request.url.query, await request.body()
        # Whoever reaches the socket need not know the event key.
        url = self._event_url if path.startswith(_EVENTS) else self._origin + path
        kind = {_TYPE: request.headers.get(_TYPE, "application/json")}

        async def ask(credentials: dict[str, str]) -> httpx2.Response:
            target = f"{url}?{query}" if query else url
            headers = kind | credentials
            return await self._http.request(request.method, target, content=body, headers=headers)

        current, *before = self._credentials
        answer = await ask(current)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and before:
            answer = await ask(before[0])
        return answer

    def _refusal(self, status: HTTPStatus, why: str) -> Response:
        message = f"the engine of this HQ is the Inngest server at {self._origin}, {why}"
        return JSONResponse({"error": message, "status": status}, status, {_KIND_HEADER: _KIND})
