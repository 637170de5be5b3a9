"""`rawr tokens`: API tokens of services and third parties."""

import time
from datetime import timedelta
from pathlib import Path

import click

from ._errors import reported
from ._identities import check_roles, execute, grant_options, hq_option, moment, table

_CALLERS = ("third-party", "service", "first-party")
_MILLISECONDS = 1000


@click.group()
def tokens() -> None:
    """API tokens: create, list, revoke; also while the HQ runs."""


@tokens.command(short_help="Create a token and print it, once.")
@click.argument("subject")
@hq_option
@click.option(
    "--caller",
    type=click.Choice(_CALLERS),
    default="third-party",
    show_default=True,
    help="Caller class: only services and first parties may use /rpc.",
)
@click.option(
    "--days", type=click.IntRange(1, 3650), default=90, show_default=True, help="Days it lives."
)
@grant_options
def create(
    *,
    subject: str,
    hq_dir: Path,
    caller: str,
    days: int,
    tenant: str,
    roles: tuple[str, ...],
    can_call_internal: bool,
    can_trigger_workflows: bool,
) -> None:
    """Create a token for SUBJECT and print it: the only time it is shown."""
    with reported():
        from rawr.composition import CallerClass
        from rawr.host.identity import CreateToken, Grant, mint_token

        check_roles(hq_dir, roles)
        token, digest = mint_token()
        reply = execute(
            hq_dir,
            CreateToken(
                digest=digest,
                subject=subject,
                caller=CallerClass(caller),
                grant=Grant(
                    tenant_id=tenant,
                    roles=roles,
                    can_call_internal=can_call_internal,
                    can_trigger_workflows=can_trigger_workflows,
                ),
                lifetime_seconds=int(timedelta(days=days).total_seconds()),
            ),
        )
    (line,) = reply.tokens
    click.echo(
        f"token {line.token_id} for {subject} of tenant {tenant}, "
        f"until {moment(line.expires_at_ms)} UTC; keep it, it is not shown again:",
        err=True,
    )
    click.echo(token)


@tokens.command("list")
@hq_option
def list_tokens(hq_dir: Path) -> None:
    """List the tokens, without what proves them."""
    with reported():
        from rawr.host.identity import ListTokens

        reply = execute(hq_dir, ListTokens())
    now_ms = time.time() * _MILLISECONDS
    rows = [
        (
            line.token_id,
            line.subject,
            line.grant.tenant_id,
            line.caller.value,
            _state(line.revoked_at_ms, line.expires_at_ms, now_ms),
            moment(line.expires_at_ms),
            moment(line.last_used_at_ms),
            " ".join(line.grant.roles) or "-",
        )
        for line in reply.tokens
    ]
    header = ("TOKEN", "SUBJECT", "TENANT", "CALLER", "STATE", "EXPIRES", "LAST USED", "ROLES")
    click.echo(table(header, rows))


@tokens.command(short_help="Revoke a token.")
@click.argument("token_id")
@hq_option
def revoke(token_id: str, hq_dir: Path) -> None:
    """Revoke the token TOKEN_ID: refused from the next request on, its sessions too."""
    with reported():
        from rawr.host.identity import RevokeToken

        execute(hq_dir, RevokeToken(token_id=token_id))
    click.echo(f"revoked {token_id}")


def _state(revoked_at_ms: int | None, expires_at_ms: int, now_ms: float) -> str:
    if revoked_at_ms is not None:
        return "revoked"
    return "live" if now_ms < expires_at_ms else "expired"
