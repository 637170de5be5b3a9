"""Talking to a running engine, for commands that operate it."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from ._values import WebAddress

C = TypeVar("C", bound=Callable[..., Any])

DEFAULT_URL: Final = "http://127.0.0.1:8288"
_TIMEOUT_SECONDS: Final = 30
_UNIX: Final = "unix:"
_NO_FUNCTION: Final = "could not find function"
_NO_RUN: Final = "No run has the id"
_KIND_HEADER: Final = "x-inngest-server-kind"


def engine_options(command: C) -> C:
    """Options of every command that operates an engine; it is given the address as `url`."""

    @wraps(command)
    def addressed(*args: Any, url: str, hq: Path | None, **options: Any) -> Any:
        return command(*args, url=url if hq is None else _address_inside(hq), **options)

    wrapped = cast(C, addressed)
    for option in (
        click.option(
            "--hq",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            metavar="HQ",
            help="Instead: the engine inside the HQ of this folder, which must be running.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Write JSON, for programs."),
        click.option(
            "--url",
            type=WebAddress(),
            metavar="URL",
            default=DEFAULT_URL,
            show_default=True,
            envvar="INNGEST_BASE_URL",
            help="Where the engine listens; INNGEST_SIGNING_KEY opens one that asks for keys.",
        ),
    ):
        wrapped = option(wrapped)
    return wrapped


class EngineLink:
    """The REST API of one engine.

    Every method raises `ClickException`, in one line, when the engine does not answer or refuses.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    @property
    def data_dir(self) -> Path | None:
        """The data folder of the HQ that the engine is inside of, if it is."""
        is_inside = self._url.startswith(_UNIX)
        return Path(self._url.removeprefix(_UNIX)).parent if is_inside else None

    def get(self, path: str, **query: str | int | None) -> Any:
        """Look something up."""
        params = {name: str(value) for name, value in query.items() if value is not None}
        return self._request("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Have something done."""
        return self._request("POST", path, json=body or {})

    def _request(self, method: str, path: str, **options: Any) -> Any:
        import httpx2

        base, transport = self._reached()
        with (
            transport as uds,
            httpx2.Client(
                trust_env=False,
                timeout=_TIMEOUT_SECONDS,
                transport=httpx2.HTTPTransport(uds=uds),
            ) as client,
        ):
            try:
                headers = _authorization()
                response = client.request(method, base + path, headers=headers, **options)
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise click.ClickException(self._silence(error)) from error
        if _KIND_HEADER not in response.headers:
            raise click.ClickException(f"what answers at {self._url} is not an engine; give --url")
        try:
            answer = response.json()
        except ValueError as error:
            raise click.ClickException(f"{self._url} did not answer with JSON") from error
        if response.is_error:
            said = _refusal(response.status_code, answer)
            raise click.ClickException(said + self._hint(said))
        return answer

    def _silence(self, error: Exception) -> str:
        if self.data_dir is not None:
            return f"the HQ with the data in {self.data_dir} does not run ({error}); start it"
        return (
            f"no engine answers at {self._url} ({error}); start one with `rawr engine`, "
            "give --url, or give --hq for the engine inside a running HQ"
        )

    def _hint(self, said: str) -> str:
        """What to do about a refusal whose words do not tell."""
        if said.startswith(_NO_FUNCTION):
            return "; `rawr functions` names those there are"
        if said.startswith(_NO_RUN):
            where = "`rawr runs list` names those there are"
            inside = "" if self.data_dir else ", and --hq HQ finds those of an HQ by their own ids"
            return f"; {where}{inside}"
        return ""

    def _reached(self) -> tuple[str, AbstractContextManager[str | None]]:
        """The base of addresses, and the socket to connect to if it is one of the file system."""
        if not self._url.startswith(_UNIX):
            return self._url, nullcontext()
        from rawr.server import unix_address

        return "http://engine", unix_address(Path(self._url.removeprefix(_UNIX)))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under their heads, in columns as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *rows)
    ]
    return "\n".join(lines)


def as_json_text(value: object) -> str:
    """A value as programs read it."""
    import json

    return json.dumps(value, indent=2)


def _address_inside(hq: Path) -> str:
    """Where the engine inside a running HQ answers."""
    from rawr.host import ENGINE_SOCKET, MANIFEST_FILE, data_dir_of

    if not (hq / MANIFEST_FILE).is_file():
        raise click.ClickException(f"{hq} holds no {MANIFEST_FILE}; give the folder of an HQ")
    socket = data_dir_of(hq, os.environ) / ENGINE_SOCKET
    if not socket.exists():
        raise click.ClickException(
            f"the HQ in {hq} does not run ({socket} is missing); start it: rawr dev {hq}"
        )
    return f"{_UNIX}{socket}"


def _authorization() -> dict[str, str]:
    key = os.environ.get("INNGEST_SIGNING_KEY")
    if not key:
        return {}
    from rawr.durable.protocol.signing import hash_signing_key

    return {"authorization": f"Bearer {hash_signing_key(key)}"}


def _refusal(status: int, answer: Any) -> str:
    from http import HTTPStatus

    if status == HTTPStatus.UNAUTHORIZED:
        return "the engine asks for its signing key; set INNGEST_SIGNING_KEY to it"
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if errors:
        return str(errors[0].get("message"))
    said = answer.get("error") if isinstance(answer, dict) else None
    return str(said or f"the engine answered with status {status}")
