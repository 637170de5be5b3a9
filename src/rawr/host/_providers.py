"""The identity providers a host is configured with."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rawr.composition import CallerClass

from ._addresses import LOOPBACK
from ._settings import Settings, SettingsError
from .identity import (
    Access,
    Identity,
    JwtPolicy,
    TokenIdentity,
    development_identity,
    service_identity,
)

if TYPE_CHECKING:
    from .identity._jwks import Load


def known_tokens(settings: Settings, roles: frozenset[str]) -> TokenIdentity:
    """The token a host is started with."""
    if settings.mode == "development":
        return development_identity(settings.data_dir, roles)
    if settings.service_token is None:
        return TokenIdentity({})
    return service_identity(settings.service_token, settings.service_tenant, roles)


def require_way_in(settings: Settings, access: Access) -> None:
    """Refuse to serve an HQ that nobody could call.

    Raises:
        SettingsError: There is no service token, no JWT issuer, no live token and no user.
    """
    configured = settings.service_token or settings.jwt_issuer
    if settings.mode == "production" and not configured and not access.has_somebody():
        raise SettingsError(
            "nobody could call this HQ: set RAWR_SERVICE_TOKEN to 32 random characters or more, "
            "make a token (rawr tokens create) or a user (rawr users add), or set RAWR_JWT_ISSUER"
        )


def issued_elsewhere(
    settings: Settings, roles: frozenset[str], now: Callable[[], float]
) -> list[Identity]:
    """Verifiers of bearer tokens that others issue: JWTs, if an issuer is configured.

    Raises:
        SettingsError: Naming what is missing, malformed or unsafe.
    """
    if settings.jwt_issuer is None:
        return []
    if settings.jwt_audience is None or settings.jwt_jwks is None:
        missing = "RAWR_JWT_AUDIENCE" if settings.jwt_audience is None else "RAWR_JWT_JWKS"
        raise SettingsError(f"RAWR_JWT_ISSUER is set, so {missing} must be too")
    try:
        from .identity._jwks import IssuerKeys
        from .identity._jwt import JwtIdentity
    except ModuleNotFoundError as error:
        raise SettingsError(
            "RAWR_JWT_ISSUER needs the library joserfc: pip install 'rawr-hq[jwt]'"
        ) from error
    try:
        policy = JwtPolicy(
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            algorithms=frozenset(settings.jwt_algorithms),
            caller=_caller(settings.jwt_caller),
            roles=roles,
        )
    except ValueError as error:
        raise SettingsError(f"RAWR_JWT_ALGORITHMS: {error}") from error
    return [JwtIdentity(policy, IssuerKeys(_key_source(settings.jwt_jwks), now), now)]


def _key_source(where: str) -> "Load":
    from .identity._jwks import KeysUnavailable, from_file, from_url, parse_keys

    if "://" not in where:
        path = Path(where)
        try:
            parse_keys(path.read_bytes())
        except (OSError, KeysUnavailable) as error:
            raise SettingsError(f"RAWR_JWT_JWKS={where}: {error}") from error
        return from_file(path)
    url = urlsplit(where)
    if url.scheme != "https" and (url.scheme != "http" or url.hostname not in LOOPBACK):
        raise SettingsError(f"RAWR_JWT_JWKS={where}: use a file or an https:// URL")
    return from_url(where)


def _caller(text: str) -> CallerClass:
    try:
        return CallerClass(text)
    except ValueError as error:
        choices = ", ".join(CallerClass)
        raise SettingsError(f"RAWR_JWT_CALLER={text}: choose from {choices}") from error
