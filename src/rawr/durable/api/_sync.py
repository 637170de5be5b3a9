"""Asking an app to register: the sync that the engine begins."""

import time
from collections.abc import Callable

import httpx2
import msgspec

from rawr.durable.api._settings import KIND_HEADER, ServerKind
from rawr.durable.domain.errors import EngineError
from rawr.durable.protocol.signing import SIGNATURE_HEADER, sign

_SHOWN_CHARACTERS = 200


class SyncFailed(EngineError):
    """The app could not be asked to register its functions."""

    code = "sync_failed"
    status = 502
    retryable = True


async def request_sync(
    url: str,
    *,
    client: httpx2.AsyncClient,
    kind: ServerKind = "dev",
    signing_key: str | None = None,
    now_s: Callable[[], float] = time.time,
) -> None:
    """Make the app served at `url` register its functions, which it does before it answers.

    Raises:
        SyncFailed: the app cannot be reached, or refused.
    """
    body = msgspec.json.encode({"url": url})
    headers = {"content-type": "application/json", KIND_HEADER: kind}
    if signing_key is not None:
        headers[SIGNATURE_HEADER] = sign(body, signing_key, now_s=int(now_s()))
    try:
        answer = await client.put(url, content=body, headers=headers)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise SyncFailed(f"The app at {url} cannot be reached: {error}") from error
    if answer.is_error:
        raise SyncFailed(
            f"The app at {url} refused to register ({answer.status_code}): "
            f"{answer.text[:_SHOWN_CHARACTERS]}"
        )
