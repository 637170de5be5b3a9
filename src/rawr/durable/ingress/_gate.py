"""Who may pass the ingress: requests an engine signed moments ago, and no browser's."""

from collections.abc import Callable, Sequence

import anyio.to_thread
from starlette.requests import Request

from rawr.durable.protocol.signing import (
    SIGNATURE_HEADER,
    SignatureError,
    check_header,
    strip_key_prefix,
    verify,
)

_BROWSER_HEADERS = frozenset({"origin", "cookie", "referer"})
_BROWSER_PREFIX = "sec-"
_LARGE_BODY_BYTES = 64 * 1024


class Refused(Exception):
    """The request may not pass; the reason is for the log only."""


class BodyTooLarge(Exception):
    """The request is signed, as far as can be told, but larger than the ingress reads."""


class Gate:
    """Checks one request; nothing of it is interpreted before it has passed."""

    def __init__(
        self,
        *,
        signing_keys: Sequence[str],
        takes_unsigned: bool,
        max_body_bytes: int,
        now_s: Callable[[], float],
    ) -> None:
        if not all(map(strip_key_prefix, signing_keys)):
            raise ValueError("a signing key is empty; leave it out to refuse every request")
        self._keys = tuple(signing_keys)
        self._takes_unsigned = takes_unsigned
        self._max_body_bytes = max_body_bytes
        self._now_s = now_s

    async def admit(self, request: Request) -> "Admitted":
        """The body of a request and the key that signed it, if one had to.

        Raises:
            Refused: it is not signed with a known key now, or comes from a browser.
            BodyTooLarge: it is larger than allowed.
        """
        for name in request.headers:
            if name in _BROWSER_HEADERS or name.startswith(_BROWSER_PREFIX):
                raise Refused(f"browsers send {name}, engines do not")
        if self._takes_unsigned:
            return Admitted(await self._read(request), None)
        signature = self._signature(request)
        body = await self._read(request)
        try:
            return Admitted(body, await self._verified(body, signature))
        except SignatureError as error:
            raise Refused(str(error)) from error

    def _signature(self, request: Request) -> str:
        if not self._keys:
            raise Refused("no signing key is configured")
        headers = request.headers.getlist(SIGNATURE_HEADER)
        if len(headers) > 1:
            raise Refused("more than one signature")
        try:
            # Before the body is read, so that unsigned requests cost nothing.
            return check_header(headers[0] if headers else None, now_s=self._now_s())
        except SignatureError as error:
            raise Refused(str(error)) from error

    async def _read(self, request: Request) -> bytes:
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._max_body_bytes:
            raise BodyTooLarge
        chunks: list[bytes] = []
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > self._max_body_bytes:
                raise BodyTooLarge
            chunks.append(chunk)
        return b"".join(chunks)

    async def _verified(self, body: bytes, signature: str) -> str:
        now_s = self._now_s()
        if len(body) <= _LARGE_BODY_BYTES:
            return verify(body, signature, self._keys, now_s=now_s)
        # A forged signature makes a large body be canonicalized; not on the event loop.
        return await anyio.to_thread.run_sync(
            lambda: verify(body, signature, self._keys, now_s=now_s)
        )


class Admitted:
    """A request that passed: its body, and the key both sides know, if it is signed."""

    __slots__ = ("body", "key")

    def __init__(self, body: bytes, key: str | None) -> None:
        self.body = body
        self.key = key
