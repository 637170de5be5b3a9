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


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The page of a web plugin that who signs in is led to."""

    capability: str
    title: str
    path: str


def landing_page(
    hq: str,
    principal: Principal,
    runs: Sequence[RunRecord] | None,
    plugins: Sequence[tuple[str, str]] = (),
    *,
    engine: str,
) -> str:
    """The page of a signed-in principal; `hq` is what people call the HQ.

    `engine` says who executes durable functions; `runs` is None if the principal's roles let it
    see none.
    """
    return _whole(
        hq,
        who=_who(principal),
        plugins=_plugins(plugins) if plugins else "",
        section="runs",
        heading="Latest runs",
        content=_runs(runs, engine),
    )


def sign_in_page(hq: str, *, to: Destination | None = None, notice: str = "") -> str:
    """The page of nobody: how to sign in, and why it did not work."""
    alert = f'<p role="alert" class="notice">{escape(notice)}</p>' if notice else ""
    hidden = (
        "" if to is None else f'<input type="hidden" name="to" value="{escape(to.capability)}">'
    )
    purpose = "see the latest runs" if to is None else f"use {to.title}"
    form = _render("signed_out.html", notice=alert, to=hidden, purpose=escape(purpose))
    return _whole(hq, who="", plugins="", section="sign-in", heading="Sign in", content=form)


def _whole(hq: str, **parts: str) -> str:
    return _render(
        "landing.html",
        hq=escape(hq),
        families="\n".join(map(_family, ROUTE_FAMILIES)),
        **parts,
    )


def _plugins(plugins: Sequence[tuple[str, str]]) -> str:
    links = (f'<li><a href="{escape(href)}">{escape(title)}</a></li>' for title, href in plugins)
    return _render("landing_plugins.html", links="\n".join(links))


def _who(principal: Principal) -> str:
    return _render(
        "landing_who.html",
        subject=escape(principal.subject),
        tenant=escape(principal.tenant_id),
        roles=escape(", ".join(sorted(principal.roles)) or "none"),
    )


def _runs(runs: Sequence[RunRecord] | None, engine: str) -> str:
    none = "No runs yet." if runs is not None else "Your roles do not let you see runs."
    rows = "\n".join(map(_run, runs or ()))
    return _render(
        "landing_runs.html",
        rows=rows or f'<tr><td colspan="4">{none}</td></tr>',
        engine=escape(engine),
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
