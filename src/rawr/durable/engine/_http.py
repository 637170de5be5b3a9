"""Calling functions over HTTP (Inngest wire, call request and responses)."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx2

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import ResponseRejected
from rawr.durable.domain.event import HTTP_REQUEST
from rawr.durable.domain.op import Errored, Response, RunError
from rawr.durable.engine._outbound import Outbound
from rawr.durable.engine.transport import Call, Journal
from rawr.durable.protocol.call import ROOT_STEP_ID, call_body, call_headers
from rawr.durable.protocol.endpoint import endpoint_request, signable
from rawr.durable.protocol.response import Answer, parse_answer
from rawr.durable.protocol.signing import SIGNATURE_HEADER, sign_bytes

_MAX_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class HTTPTransport:
    """Posts calls to the URL a function registered; follows redirects with the body kept."""

    def __init__(self, outbound: Outbound, *, clock: Clock, signing_keys: Sequence[str]) -> None:
        self._outbound = outbound
        self._clock = clock
        self._signing_key = signing_keys[0] if signing_keys else None

    async def call(self, call: Call, journal: Journal) -> Response:  # noqa: ARG002 - the port's
        """Post the call and say how it ended."""
        method = "POST"
        headers = call_headers(call.state, call.item, request_id=call.request_id)
        if call.state.run.event.name == HTTP_REQUEST:
            method, body, extra = endpoint_request(call.state)
            headers.update(extra)
            signed = signable(body)
        else:
            # It is canonical already, so it is signed as it stands.
            signed = body = call_body(call.state, call.item, request_id=call.request_id)
        if self._signing_key is not None:
            now_s = self._clock.now_ms() // 1000
            headers[SIGNATURE_HEADER] = sign_bytes(signed, self._signing_key, now_s=now_s)
        try:
            target = _target(call.function.url, call.function.id, call.item.step_id or ROOT_STEP_ID)
            answer = await self._send(method, target, headers, body)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return Errored(error=_unreachable(call, error))
        except ResponseRejected as error:
            return Errored(error=RunError(name="ResponseRejected", message=str(error)))
        return parse_answer(answer, now_ms=self._clock.now_ms())

    async def close(self) -> None:
        """Close the connections."""
        await self._outbound.close()

    async def _send(
        self, method: str, url: httpx2.URL, headers: dict[str, str], body: bytes
    ) -> Answer:
        for _ in range(_MAX_REDIRECTS + 1):
            answer = await self._outbound.post(url, headers, body, method=method)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not location:
                return answer
            url = url.join(location)
        raise ResponseRejected(f"The app redirected a call more than {_MAX_REDIRECTS} times")


@lru_cache(maxsize=1024)
def _target(url: str, function_id: str, step_id: str) -> httpx2.URL:
    """Return a function's URL with the step to run."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query.setdefault("fnId", function_id)
    query["stepId"] = step_id
    return httpx2.URL(urlunsplit(parts._replace(query=urlencode(query))))


def _unreachable(call: Call, error: Exception) -> RunError:
    return RunError(
        name=type(error).__name__,
        message=f"The app at {call.function.url} could not be called: {str(error) or 'no answer'}",
        error="could not reach the app",
    )
