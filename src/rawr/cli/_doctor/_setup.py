"""How an HQ is set up: settings, keys, manifest, port."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rawr.composition import CompositionError, Manifest
from rawr.durable.protocol.signing import SigningKeyError, hash_signing_key
from rawr.host import (
    ManifestBroken,
    ManifestNotFound,
    Settings,
    SettingsError,
    load_manifest,
)
from rawr.server import AddressInUse, listen

from ._report import Finding, mend, note, ok

_KEY: Final = "INNGEST_SIGNING_KEY"
_FALLBACK: Final = "INNGEST_SIGNING_KEY_FALLBACK"
_ANY_PORT: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What could be read of a set-up, and what was found on the way."""

    findings: tuple[Finding, ...]
    settings: Settings | None
    """None if neither mode accepts them."""
    manifest: Manifest | None
    """None if it cannot be imported."""


def check_setup(hq_dir: Path, environ: Mapping[str, str]) -> Setup:
    """Read settings and manifest as `rawr dev` and `rawr serve` would."""
    settings, settings_found = _read_settings(hq_dir, environ)
    manifest, manifest_found = _import_manifest(hq_dir)
    return Setup(
        findings=(
            settings_found,
            *_check_keys(environ),
            manifest_found,
            *(_check_web(hq_dir, manifest) if manifest is not None else ()),
        ),
        settings=settings,
        manifest=manifest,
    )


def check_port(settings: Settings, owner: str | None) -> Finding:
    """Whether the port is free; `owner` is who runs this HQ, if somebody does."""
    address = f"{settings.host}:{settings.port}"
    if settings.port == _ANY_PORT:
        return ok("port", "0: whichever is free")
    try:
        listen(settings.host, settings.port).close()
    except AddressInUse as error:
        if owner is not None:
            return note("port", f"{address} is taken, and {owner} runs this HQ")
        return _as_told("port", error)
    return ok("port", f"{address} is free")


def _read_settings(hq_dir: Path, environ: Mapping[str, str]) -> tuple[Settings | None, Finding]:
    try:
        settings = Settings.from_environment(hq_dir, mode="development", environ=environ)
    except SettingsError as refused:
        try:
            settings = Settings.from_environment(hq_dir, mode="production", environ=environ)
        except SettingsError as too:
            both = {str(refused): None, str(too): None}
            fix = "correct the variable, and repeat"
            return None, mend("settings", "; for `rawr serve`, ".join(both), fix)
        return settings, note("settings", f"for `rawr serve`; `rawr dev` refuses them: {refused}")
    try:
        Settings.from_environment(hq_dir, mode="production", environ=environ)
    except SettingsError as refused:
        return settings, note("settings", f"for `rawr dev`; `rawr serve` refuses them: {refused}")
    return settings, ok("settings", "for `rawr dev` and `rawr serve`")


def _check_keys(environ: Mapping[str, str]) -> Iterator[Finding]:
    keys = {name: value for name in (_KEY, _FALLBACK) if (value := environ.get(name))}
    if not keys and environ.get("RAWR_ENGINE") == "inngest":
        return  # the settings tell whether that server asks for some
    if not keys:
        yield ok(
            "keys",
            f"{_KEY} is not set: /api/inngest refuses all calls; the engine inside needs none",
        )
        return
    for name, key in keys.items():
        try:
            hash_signing_key(key)
        except SigningKeyError as error:
            yield mend(
                "keys", f"{name}: {error}", f'set {name}="signkey-prod-$(openssl rand -hex 32)"'
            )
        else:
            yield ok("keys", f"{name} is well-formed")
    if _KEY not in keys:
        yield mend("keys", f"{_FALLBACK} is set and {_KEY} is not", f"set {_KEY} too, or neither")


def _import_manifest(hq_dir: Path) -> tuple[Manifest | None, Finding]:
    try:
        manifest = load_manifest(hq_dir)
    except ManifestBroken as error:
        return None, mend("manifest", f"{error.reason} ({error.place})", error.remedy)
    except ManifestNotFound as error:
        return None, _as_told("manifest", error)
    except CompositionError as error:
        return None, mend("manifest", str(error), "change what it names; `rawr check` finds more")
    names = ", ".join(capability.name for capability in manifest.capabilities)
    return manifest, ok("manifest", names or "no capabilities yet; add one: rawr new capability")


def _check_web(hq_dir: Path, manifest: Manifest) -> Iterator[Finding]:
    """Whether what browsers are to load has been built."""
    lacking = [
        name
        for name, surface in manifest.web.items()
        if not (surface.directory / surface.entry).is_file()
    ]
    if lacking:
        names, build = ", ".join(lacking), f"rawr web build {hq_dir}"
        yield note("web plugins", f"not built: {names}; `rawr serve` starts after {build}")
    elif manifest.web:
        yield ok("web plugins", ", ".join(manifest.web))


def _as_told(check: str, error: Exception) -> Finding:
    """What an error says, and below it what it says to do."""
    message, _, fix = str(error).partition("; ")
    return mend(check, message, fix)
