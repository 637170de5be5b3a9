"""HTTP requests the engine makes for a step (Inngest wire, Gateway and AIGateway)."""

from collections.abc import Mapping
from typing import Final

import httpx2
import msgspec

from rawr.durable.domain.event import Json
from rawr.durable.domain.limits import MAX_STEP_BYTES
from rawr.durable.domain.op import Errored, Opcode, Returned, RunError
from rawr.durable.domain.queue import QueueItem
from rawr.durable.engine._outbound import Outbound

_REDIRECT_START: Final = 300
_EXCERPT: Final = 500  # characters of a refusing answer shown in the error

_encode = msgspec.json.encode


class _Request(msgspec.Struct):
    op: str
    opts: dict[str, Json]


_REQUEST: Final = msgspec.json.Decoder(_Request)


class Gateway:
    """Performs the requests of `step.fetch` and `step.ai.infer`."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def perform(self, item: QueueItem) -> Returned | Errored:
        """Make the request of an open step."""
        request = _REQUEST.decode(item.payload or b"{}")
        is_model = request.op == Opcode.AI_GATEWAY
        name = "AIGatewayError" if is_model else "GatewayError"
        client = self._outbound.client()
        try:
            built = _build(client, request.opts, is_model=is_model)
            response = await client.send(built, follow_redirects=True)
        except (httpx2.HTTPError, httpx2.InvalidURL, TypeError, ValueError) as error:
            return _failed(name, f"The request failed: {error}")
        if len(response.content) > MAX_STEP_BYTES:
            return _failed(name, f"The answer is larger than {MAX_STEP_BYTES} bytes")
        if is_model:
            return _model_answer(response)
        shape = {
            "body": response.text,
            "headers": dict(response.headers.items()),
            "status_code": response.status_code,
            "url": str(response.url),
        }
        return Returned(output=_encode(shape))

    async def close(self) -> None:
        """Close the connections."""
        await self._outbound.close()


def _build(
    client: httpx2.AsyncClient, opts: Mapping[str, Json], *, is_model: bool
) -> httpx2.Request:
    headers = {
        _canonical(str(key)): str(value) for key, value in (opts.get("headers") or {}).items()
    }
    url = str(opts.get("url") or "")
    body = opts.get("body")
    if not is_model:
        method = str(opts.get("method") or "POST")
        return client.build_request(method, url, headers=headers, content=body)
    params = _authorize(headers, opts)
    headers["Content-Type"] = "application/json"
    return client.build_request("POST", url, headers=headers, params=params, content=_encode(body))


def _canonical(name: str) -> str:
    """Return a header name as Inngest's server writes it, for receivers that mind the case."""
    return "-".join(part.capitalize() for part in name.split("-"))


def _authorize(headers: dict[str, str], opts: Mapping[str, Json]) -> dict[str, str] | None:
    """Add the key the way the model's provider wants it; return query parameters for it."""
    key = str(opts.get("auth_key") or "")
    match opts.get("format"):
        case "gemini":
            return {"key": key}
        case "anthropic":
            headers["X-Api-Key"] = key
        case "bedrock":
            headers["Authorization"] = key
        case _:
            headers["Authorization"] = f"Bearer {key}"
    return None


def _model_answer(response: httpx2.Response) -> Returned | Errored:
    if response.status_code >= _REDIRECT_START:
        return _failed(
            "AIGatewayError",
            f"unsuccessful status code: {response.status_code}: {response.text[:_EXCERPT]}",
        )
    try:
        msgspec.json.decode(response.content, type=msgspec.Raw)
    except msgspec.MsgspecError:
        return _failed("AIGatewayError", "The model's answer is not JSON")
    return Returned(output=response.content)


def _failed(name: str, message: str) -> Errored:
    return Errored(error=RunError(name=name, message=message))
