"""Scaffolding: the files of a new HQ or capability, and the manifest edit, as pure functions."""

from ._errors import InvalidName, ScaffoldError, UnknownManifest
from ._generate import (
    BOTH,
    OPENAPI_FILE,
    Files,
    Surface,
    capability_files,
    hq_files,
    web_plugin_files,
)
from ._manifest import register_capability, registered_surfaces
from ._names import CapabilityName

__all__ = [
    "BOTH",
    "OPENAPI_FILE",
    "CapabilityName",
    "Files",
    "InvalidName",
    "ScaffoldError",
    "Surface",
    "UnknownManifest",
    "capability_files",
    "hq_files",
    "register_capability",
    "registered_surfaces",
    "web_plugin_files",
]
