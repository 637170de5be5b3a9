"""Who executes the functions of an HQ, and whether it can."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Final

import httpx2

from rawr.durable.protocol.signing import hash_signing_key
from rawr.host import Settings, runs_inside
from rawr.sqlite import StorageError

from ._report import Finding, mend, note, ok

_CHECK: Final = "engine"
_SECONDS: Final = 5
_NO_KEY: Final = "NO_EVENT_KEY_SET"
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


async def check_engine(settings: Settings) -> list[Finding]:
    """Look at the engine that the settings name; nothing is sent to it that starts anything."""
    if settings.engine == "embedded":
        return [ok(_CHECK, "inside the HQ; RAWR_ENGINE=inngest is for an Inngest server")]
    found = [await _check_server(settings)]
    return [*found, *[finding async for finding in _check_inside(settings)]]


async def _check_server(settings: Settings) -> Finding:
    given, place = settings.inngest, f"the Inngest server at {settings.inngest.api_url}"
    event_key = given.event_key or _NO_KEY
    bearers = [f"Bearer {hash_signing_key(key)}" for key in settings.signing_keys] or [""]
    try:
        async with httpx2.AsyncClient(timeout=_SECONDS) as http:
            # No events at all: what is answered tells of the key.
            sent = await http.post(f"{given.event_url}/e/{event_key}", json=[])
            asked = [
                await http.get(
                    f"{given.api_url}/v1/events",
                    params={"limit": 1},
                    headers={"authorization": bearer} if bearer else {},
                )
                for bearer in bearers
            ]
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        said = str(error) or type(error).__name__
        return mend(_CHECK, f"{place} cannot be reached: {said}", "start it, or correct the URL")
    if sent.status_code in _REFUSED:
        return mend(
            _CHECK, f"{place} does not know INNGEST_EVENT_KEY", "set it to an event key of it"
        )
    if all(answer.status_code in _REFUSED for answer in asked):
        return mend(
            _CHECK, f"{place} does not know INNGEST_SIGNING_KEY", "set it to the server's own"
        )
    return ok(_CHECK, f"{place} answers, and calls {settings.serve_origin}")


async def _check_inside(settings: Settings) -> AsyncIterator[Finding]:
    try:
        left = await runs_inside(settings.data_dir)
    except StorageError:
        return  # its migrations tell why
    if left:
        yield note(
            _CHECK,
            f"{left} runs of the engine inside have not ended, and nothing goes on with them; "
            "start with RAWR_ENGINE=embedded until they have, or cancel them there",
        )
