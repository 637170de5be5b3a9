"""Where a person can look at a run: in our timeline and in the engine's trace.

Links are derived from a run whenever they are shown, never stored, so adding one cannot overwrite a
status written meanwhile and a moved console needs no migration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from rawr.coordination._run import RunRecord

_DEFAULT_INNGEST_URL: Final = "http://localhost:8288"
_INNGEST_VARIABLES: Final = ("INNGEST_BASE_URL", "INNGEST_EVENT_API_BASE_URL", "INNGEST_DEV")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLink:
    """A page about a run."""

    provider: Literal["rawr", "inngest"]
    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLinks:
    """Makes links; `base_url` is the host's public address, `inngest_url` the engine console's."""

    base_url: str
    inngest_url: str = _DEFAULT_INNGEST_URL

    def of(self, run: RunRecord) -> tuple[TraceLink, ...]:
        """The link to our timeline, and the best link into the engine that is known yet."""
        return (
            TraceLink(
                provider="rawr",
                label="RAWR Run Timeline",
                url=f"{self.base_url.rstrip('/')}/api/workflows/{_segment(run.capability)}"
                f"/runs/{_segment(run.run_id)}/timeline",
            ),
            TraceLink(
                provider="inngest",
                label=f"Inngest Trace ({run.engine_run_id})"
                if run.engine_run_id
                else "Inngest Trace",
                url=f"{self.inngest_url.rstrip('/')}/{_engine_path(run)}",
            ),
        )


def inngest_url_from(environment: Mapping[str, str]) -> str:
    """The engine console's address: the first variable that holds an http(s) URL, or the default.

    `INNGEST_BASE_URL`, `INNGEST_EVENT_API_BASE_URL`, `INNGEST_DEV`, in this order.
    """
    candidates = (environment.get(name, "").strip() for name in _INNGEST_VARIABLES)
    return next(filter(_is_http_url, candidates), _DEFAULT_INNGEST_URL)


def _engine_path(run: RunRecord) -> str:
    if run.engine_run_id is not None:
        return f"runs/{_segment(run.engine_run_id)}"
    if run.admission_id is not None:
        return f"events/{_segment(run.admission_id)}"
    return f"runs/{_segment(run.run_id)}"


def _segment(text: str) -> str:
    return quote(text, safe="")


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
