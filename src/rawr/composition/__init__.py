"""Composition: capabilities declared cold, composed into a manifest, bound by a host."""

from ._boundary import (
    ApiBoundary,
    CallerClass,
    NetworkPolicy,
    Principal,
    RequestInfo,
    WorkflowBoundary,
)
from ._capability import (
    ApiSurface,
    Capability,
    InngestFunction,
    WebSurface,
    WorkflowSurface,
    define_api_surface,
    define_capability,
    define_web_surface,
    define_workflow_surface,
)
from ._errors import CompositionError
from ._manifest import (
    BoundManifest,
    Manifest,
    RouterManifest,
    compose_capabilities,
)
from ._network import IPNetwork, is_within
from ._ports import HostPorts

__all__ = [
    "ApiBoundary",
    "ApiSurface",
    "BoundManifest",
    "CallerClass",
    "Capability",
    "CompositionError",
    "HostPorts",
    "IPNetwork",
    "InngestFunction",
    "Manifest",
    "NetworkPolicy",
    "Principal",
    "RequestInfo",
    "RouterManifest",
    "WebSurface",
    "WorkflowBoundary",
    "WorkflowSurface",
    "compose_capabilities",
    "define_api_surface",
    "define_capability",
    "define_web_surface",
    "define_workflow_surface",
    "is_within",
]
