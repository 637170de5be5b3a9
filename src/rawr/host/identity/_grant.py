"""What an identity may do, as it is given by an operator and kept in a row."""

import re
from typing import Any, Final

import msgspec

from rawr.composition import CallerClass, Principal

from ._errors import InvalidIdentity

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}")
_MAX_ROLES: Final = 64

GRANT_COLUMNS: Final = "tenant_id, roles, can_call_internal, can_trigger_workflows"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """The tenant, roles and permissions of a token or user."""

    tenant_id: str
    roles: tuple[str, ...] = ()
    can_call_internal: bool = False
    can_trigger_workflows: bool = False

    def principal(self, subject: str, caller: CallerClass) -> Principal:
        """The principal that this grant is for."""
        return Principal(
            subject=subject,
            tenant_id=self.tenant_id,
            caller=caller,
            roles=frozenset(self.roles),
            can_call_internal=self.can_call_internal,
            can_trigger_workflows=self.can_trigger_workflows,
        )

    def row(self) -> tuple[str, str, bool, bool]:
        """The values of `GRANT_COLUMNS`."""
        roles = msgspec.json.encode(sorted(self.roles)).decode()
        return self.tenant_id, roles, self.can_call_internal, self.can_trigger_workflows

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> "Grant":
        """The grant whose `row` was stored."""
        tenant_id, roles, can_call_internal, can_trigger_workflows = row
        return cls(
            tenant_id=tenant_id,
            roles=msgspec.json.decode(roles, type=tuple[str, ...]),
            can_call_internal=bool(can_call_internal),
            can_trigger_workflows=bool(can_trigger_workflows),
        )


def check_grant(subject: str, grant: Grant) -> None:
    """Refuse names that are not short and plain: they end up in events, timelines and logs.

    Raises:
        InvalidIdentity: Naming what cannot be used.
    """
    for what, text in (("name", subject), ("tenant", grant.tenant_id)):
        if not _NAME.fullmatch(text):
            raise InvalidIdentity(
                f"{what} {text!r} cannot be used; use up to 128 letters, digits and . _ @ : -"
            )
    if len(grant.roles) > _MAX_ROLES:
        raise InvalidIdentity(f"give at most {_MAX_ROLES} roles")
