"""The host: the only place where boundary, engine and capabilities meet."""

from ._app import (
    API,
    INGRESS,
    OPENAPI_DOCUMENT,
    REFERENCE,
    RPC,
    WORKFLOWS,
    build_mounts,
    openapi_document,
)
from ._boot import DATABASE, BootStages, Host, boot
from ._manifest_file import MANIFEST_FILE, ManifestBroken, ManifestNotFound, load_manifest
from ._migrations import hq_migrations
from ._mounts import Mount, MountTable
from ._operations import ENGINE_SOCKET
from ._resources import EngineBundle, Resources
from ._run import run_host
from ._settings import Settings, SettingsError, data_dir_of
from ._telemetry import Telemetry, start_telemetry
from ._web_plugins import WEB_PLUGINS
from .identity import Identity, TokenIdentity

__all__ = [
    "API",
    "DATABASE",
    "ENGINE_SOCKET",
    "INGRESS",
    "MANIFEST_FILE",
    "OPENAPI_DOCUMENT",
    "REFERENCE",
    "RPC",
    "WEB_PLUGINS",
    "WORKFLOWS",
    "BootStages",
    "EngineBundle",
    "Host",
    "Identity",
    "ManifestBroken",
    "ManifestNotFound",
    "Mount",
    "MountTable",
    "Resources",
    "Settings",
    "SettingsError",
    "Telemetry",
    "TokenIdentity",
    "boot",
    "build_mounts",
    "data_dir_of",
    "hq_migrations",
    "load_manifest",
    "openapi_document",
    "run_host",
    "start_telemetry",
]
