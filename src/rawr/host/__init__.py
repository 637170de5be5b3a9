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
from ._boot import DATABASE, BootStages, Host, NoEngineInside, boot
from ._embedded import EmbeddedEngine
from ._engine import EngineBundle
from ._inngest_server import InngestServer
from ._inngest_settings import InngestSettings
from ._left_inside import ENGINE_DATABASE, ENGINE_MIGRATIONS, runs_inside
from ._manifest_file import MANIFEST_FILE, ManifestBroken, ManifestNotFound, load_manifest
from ._metrics import METRICS
from ._migrations import hq_migrations
from ._mounts import Mount, MountTable
from ._operations import ENGINE_SOCKET
from ._outcomes import RunOutcomes
from ._resources import Resources
from ._run import run_host
from ._settings import Settings, SettingsError, data_dir_of
from ._telemetry import Telemetry, start_telemetry
from ._web_plugins import WEB_PLUGINS
from .identity import Identity, TokenIdentity

__all__ = [
    "API",
    "DATABASE",
    "ENGINE_DATABASE",
    "ENGINE_MIGRATIONS",
    "ENGINE_SOCKET",
    "INGRESS",
    "MANIFEST_FILE",
    "METRICS",
    "OPENAPI_DOCUMENT",
    "REFERENCE",
    "RPC",
    "WEB_PLUGINS",
    "WORKFLOWS",
    "BootStages",
    "EmbeddedEngine",
    "EngineBundle",
    "Host",
    "Identity",
    "InngestServer",
    "InngestSettings",
    "ManifestBroken",
    "ManifestNotFound",
    "Mount",
    "MountTable",
    "NoEngineInside",
    "Resources",
    "RunOutcomes",
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
    "runs_inside",
    "start_telemetry",
]
