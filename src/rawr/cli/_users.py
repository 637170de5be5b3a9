"""`rawr users`: people who sign in by name and password."""

import sys
from pathlib import Path

import click

from ._errors import reported
from ._identities import check_roles, execute, grant_options, hq_option, moment, table


@click.group()
def users() -> None:
    """Local users: add, list, disable; also while the HQ runs."""


@users.command(short_help="Add a user.")
@click.argument("name")
@hq_option
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of the input."
)
@grant_options
def add(
    *,
    name: str,
    hq_dir: Path,
    password_stdin: bool,
    tenant: str,
    roles: tuple[str, ...],
    can_call_internal: bool,
    can_trigger_workflows: bool,
) -> None:
    """Add the user NAME, who signs in at the HQ's landing page; asks for a password."""
    with reported():
        from rawr.host.identity import AddUser, Argon2Hasher, Grant, check_grant, check_password

        check_roles(hq_dir, roles)
        grant = Grant(
            tenant_id=tenant,
            roles=roles,
            can_call_internal=can_call_internal,
            can_trigger_workflows=can_trigger_workflows,
        )
        check_grant(name, grant)
        password = _password(from_input=password_stdin)
        check_password(password)
        hashed = Argon2Hasher().hash(password)
        execute(hq_dir, AddUser(name=name, password_hash=hashed, grant=grant))
    click.echo(f"added {name} of tenant {tenant}")


@users.command("list")
@hq_option
def list_users(hq_dir: Path) -> None:
    """List the users."""
    with reported():
        from rawr.host.identity import ListUsers

        reply = execute(hq_dir, ListUsers())
    rows = [
        (
            line.name,
            line.grant.tenant_id,
            "enabled" if line.disabled_at_ms is None else "disabled",
            moment(line.created_at_ms),
            " ".join(line.grant.roles) or "-",
        )
        for line in reply.users
    ]
    click.echo(table(("NAME", "TENANT", "STATE", "CREATED", "ROLES"), rows))


@users.command(short_help="Disable a user.")
@click.argument("name")
@hq_option
def disable(name: str, hq_dir: Path) -> None:
    """Disable the user NAME: sessions end with the next request."""
    with reported():
        from rawr.host.identity import DisableUser

        execute(hq_dir, DisableUser(name=name))
    click.echo(f"disabled {name}")


def _password(*, from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    if not _has_terminal():
        raise click.ClickException(
            "there is no terminal to ask for the password; give it with --password-stdin"
        )
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _has_terminal() -> bool:
    return sys.stdin.isatty()
