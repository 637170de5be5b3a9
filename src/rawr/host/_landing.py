"""The landing page: what answers here, for whom, and how the latest runs are doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from rawr.composition import Principal
from rawr.coordination import RunRecord, TraceLinks

_LINKS: Final = TraceLinks(base_url="")
"""Relative ones: the page links to its own host."""

_ASSETS: Final = files("rawr.host") / "assets"

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFamily:
    """One route family as the page explains it."""

    path: str
    callers: str
    purpose: str


ROUTE_FAMILIES: Final = (
    RouteFamily(
        path="/api/inngest",
        callers="the engine, signed",
        purpose="Runs durable functions. Browsers and API callers are refused.",
    ),
    RouteFamily(
        path="/api/workflows/*",
        callers="first parties and third parties",
        purpose="Triggers workflows; tells the status and timeline of their runs.",
    ),
    RouteFamily(
        path="/rpc",
        callers="first parties only",
        purpose="Every procedure over the RPC protocol, for typed clients of this HQ.",
    ),
    RouteFamily(
        path="/api/orpc/*",
        callers="first parties and third parties",
        purpose="The published API, described by its OpenAPI document.",
    ),
)


def stylesheet() -> bytes:
    """The page's only asset."""
    return _ASSETS.joinpath("landing.css").read_bytes()


def landing_page(
    principal: Principal | None,
    runs: Sequence[RunRecord] | None,
    plugins: Sequence[tuple[str, str]] = (),
    *,
    notice: str = "",
) -> str:
    """The whole page; runs and web plugins are shown to a signed-in principal only.

    `runs` is None if the principal's roles let it see none.
    """
    return _render(
        "landing.html",
        plugins=_plugins(plugins) if principal is not None and plugins else "",
        families="\n".join(map(_family, ROUTE_FAMILIES)),
        runs=_signed_out(notice) if principal is None else _signed_in(principal, runs),
    )


def _plugins(plugins: Sequence[tuple[str, str]]) -> str:
    links = (f'<li><a href="{escape(href)}">{escape(title)}</a></li>' for title, href in plugins)
    return _render("landing_plugins.html", links="\n".join(links))


def _signed_out(notice: str) -> str:
    alert = f'<p role="alert" class="notice">{escape(notice)}</p>' if notice else ""
    return _render("signed_out.html", notice=alert)


def _signed_in(principal: Principal, runs: Sequence[RunRecord] | None) -> str:
    none = "No runs yet." if runs is not None else "Your roles do not let you see runs."
    rows = "\n".join(map(_run, runs or ()))
    return _render(
        "signed_in.html",
        rows=rows or f'<tr><td colspan="4">{none}</td></tr>',
        subject=escape(principal.subject),
        tenant=escape(principal.tenant_id),
        roles=escape(", ".join(sorted(principal.roles)) or "none"),
    )


def _family(family: RouteFamily) -> str:
    return _row(f"<code>{escape(family.path)}</code>", escape(family.callers), family.purpose)


def _run(run: RunRecord) -> str:
    status = escape(run.status)
    (timeline, _engine) = _LINKS.of(run)
    return _row(
        f'<a href="{escape(timeline.url)}"><code>{escape(run.run_id)}</code></a>',
        escape(f"{run.capability}/{run.workflow}"),
        f'<span class="status {status}">{status}</span>',
        run.updated_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
    )


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _render(name: str, **parts: str) -> str:
    return Template(_ASSETS.joinpath(name).read_text(encoding="utf-8")).substitute(parts)
