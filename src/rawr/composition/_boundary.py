"""What a boundary knows of a request: who asks, how, and from where.

The two boundary envelopes, API and workflow, are separate types on purpose: a procedure
written for one cannot be given the other, and neither exists in a durable run.
"""

from dataclasses import dataclass
from enum import StrEnum

from rawr.coordination import Dispatch

from ._network import IPNetwork, is_within


class CallerClass(StrEnum):
    """Who is calling; decides which route family answers."""

    FIRST_PARTY = "first-party"
    """A signed-in person of this HQ, in a browser or on a terminal."""
    SERVICE = "service"
    """A trusted service of this HQ."""
    THIRD_PARTY = "third-party"
    """Anybody else who holds a credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A verified caller. Made from credentials only, never from plain headers."""

    subject: str
    tenant_id: str
    caller: CallerClass
    roles: frozenset[str] = frozenset()
    can_call_internal: bool = False
    can_trigger_workflows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInfo:
    """What identifies one request, for logs, events and timelines."""

    request_id: str
    correlation_id: str
    source_ip: str | None = None
    """The socket peer, or what a trusted proxy says of it."""
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPolicy:
    """Where requests to guarded procedures may come from."""

    trusted_cidrs: tuple[IPNetwork, ...] = ()
    enforce_internal_only: bool = False
    egress_policy_tag: str | None = None

    def admits(self, source_ip: str | None) -> bool:
        """True unless the policy is enforced and the address is outside of it."""
        return not self.enforce_internal_only or is_within(source_ip, self.trusted_cidrs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiBoundary:
    """The envelope of API procedures (`/api/orpc`, and `/rpc` for first parties)."""

    principal: Principal
    request: RequestInfo
    network: NetworkPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowBoundary:
    """The envelope of workflow procedures: it alone can dispatch."""

    principal: Principal
    request: RequestInfo
    network: NetworkPolicy
    dispatch: Dispatch
