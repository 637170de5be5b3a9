"""The acceptance set of the architecture rules: seven callers, seven things each must not get."""

from abc import ABC, abstractmethod
from typing import ClassVar, Final

SUITES: Final = (
    "web:first-party-rpc",
    "web:published-openapi",
    "cli:in-process",
    "api:boundary",
    "workflow:trigger-status",
    "runtime:ingress",
    "cross-surface:metadata-import-boundary",
)

INGRESS_FROM_CALLERS: Final = "reject-api-inngest-from-caller-paths"
SPOOFED_INGRESS: Final = "reject-ingress-spoofed-caller-headers"
RPC_FROM_EXTERNALS: Final = "reject-rpc-from-external-callers"
RPC_FROM_RUNTIME: Final = "reject-rpc-from-runtime-ingress"
RPC_WORKFLOWS: Final = "reject-rpc-workflows-route-family"
NO_CALLER_SEMANTICS: Final = "runtime-ingress-no-caller-boundary-semantics"
NO_SELF_CALL: Final = "in-process-no-local-http-self-call"

KEYS: Final = (
    INGRESS_FROM_CALLERS,
    SPOOFED_INGRESS,
    RPC_FROM_EXTERNALS,
    RPC_FROM_RUNTIME,
    RPC_WORKFLOWS,
    NO_CALLER_SEMANTICS,
    NO_SELF_CALL,
)


class Suite(ABC):
    """One caller's probes: a method for each key, and the control that proves it is answered."""

    id: ClassVar[str]

    @abstractmethod
    async def control(self) -> None:
        """What this caller is there for works."""

    @abstractmethod
    async def reject_api_inngest_from_caller_paths(self) -> None:
        """What this caller sends never reaches the ingress, by any path."""

    @abstractmethod
    async def reject_ingress_spoofed_caller_headers(self) -> None:
        """No header of this caller's makes it the engine."""

    @abstractmethod
    async def reject_rpc_from_external_callers(self) -> None:
        """This caller as an external is refused on `/rpc`."""

    @abstractmethod
    async def reject_rpc_from_runtime_ingress(self) -> None:
        """The engine's proof in this caller's hands opens no caller route."""

    @abstractmethod
    async def reject_rpc_workflows_route_family(self) -> None:
        """This caller finds nothing under `/rpc/workflows`."""

    @abstractmethod
    async def runtime_ingress_no_caller_boundary_semantics(self) -> None:
        """To this caller the ingress is no API: it answers nothing an API would."""

    @abstractmethod
    async def in_process_no_local_http_self_call(self) -> None:
        """While this caller is served, the host does not call itself."""

    async def probe(self, key: str) -> None:
        """Run the cell of a key."""
        cell = getattr(self, key.replace("-", "_"))
        await cell()
