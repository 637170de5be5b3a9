"""One HQ in production, on real sockets, and what its callers prove themselves with."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from joserfc import jwt
from joserfc.jwk import Key, RSAKey

from rawr.composition import CallerClass
from rawr.host import DATABASE
from rawr.host.identity import AddUser, CreateToken, Grant, ScryptHasher, administer, mint_token
from tests.acceptance.hq import ROOT, RunningHq, start

SERVICE_TOKEN = "c6b1f0e59a7d4238b0f16a9d2e7c5384"
SIGNING_KEY = "signkey-prod-8f3d1c7a90be4526d41f6e0b9c8a7532"
FALLBACK_KEY = "signkey-prod-1b7e64d2f09a835c3e5d0a9f4c68b172"
ISSUER, AUDIENCE = "https://id.example", "rawr-hq"
ISSUER_KEY = RSAKey.generate_key(2048, {"kid": "issuer-1"})
PASSWORD = "correct horse battery"
COOKIE = "__Host-rawr_session"
READ, WRITE = "finance:read", "finance:write"

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A running HQ; the first party is `ada` of `acme`, and so are the third parties."""

    hq: RunningHq
    connections: Path
    """One line for every connection the host opened."""
    cookie: str
    """The session of `ada`, a person who may do everything in her tenant."""
    partner: str
    """The API token of a third party with both roles."""
    integrator: str
    """The API token of a third party that may also call internal procedures and trigger."""
    rival: str
    """The token of a service of another tenant, `bolt`, that may do everything there."""

    @property
    def base_url(self) -> str:
        return self.hq.base_url

    def connected(self) -> list[str]:
        """The addresses the host has connected to so far."""
        return self.connections.read_text().splitlines()


@contextmanager
def running_world(
    folder: Path, *mutants: str, hq_dir: Path = ROOT / "hq", **environ: str
) -> Iterator[World]:
    """Serve an HQ in production, with the guards named taken away."""
    data_dir, connections, keys = folder / "data", folder / "connections", folder / "keys.json"
    data_dir.mkdir(parents=True)
    connections.touch()
    keys.write_bytes(key_set(ISSUER_KEY))
    partner, integrator, rival = asyncio.run(_people(data_dir))
    module = "tests.acceptance.boundary.guarded_host"
    served = hq_dir if _is_built(hq_dir) else _with_web_plugins(hq_dir, folder / "hq")
    program = [sys.executable, "-m", module, str(served), str(connections), *mutants]
    hq = start(program, data_dir, **_settings(keys), **environ)
    try:
        yield World(
            hq=hq,
            connections=connections,
            cookie=_signed_in(hq, name="ada", password=PASSWORD),
            partner=partner,
            integrator=integrator,
            rival=rival,
        )
    finally:
        if hq.process.poll() is None:
            hq.kill()


def key_set(*keys: Key) -> bytes:
    """The public halves of keys, as an issuer publishes them."""
    return msgspec.json.encode({"keys": [key.as_dict(private=False) for key in keys]})


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good token of `ada`; None leaves one out."""
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "tenant_id": "acme",
        "roles": [READ, WRITE],
        "scope": "rawr:internal rawr:trigger",
        "iat": now,
        "exp": now + 300,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed_jwt(key: Key, payload: Mapping[str, Any], **header: Any) -> str:
    """A JWT as the issuer signs it, by default."""
    fields = {"alg": "RS256", "kid": "issuer-1", "typ": "at+jwt", **header}
    return jwt.encode(fields, dict(payload), key, algorithms=[fields["alg"]])


def _is_built(hq_dir: Path) -> bool:
    sources = (hq_dir / "plugins" / "web").glob("*/src")
    return all((source.parent / "dist").is_dir() for source in sources)


def _with_web_plugins(hq_dir: Path, copy: Path) -> Path:
    """A copy of an HQ whose web plugins nobody has built, with empty ones in their place."""
    shutil.copytree(hq_dir, copy, ignore=shutil.ignore_patterns(".rawr", "node_modules"))
    for source in (copy / "plugins" / "web").glob("*/src"):
        built = source.parent / "dist"
        built.mkdir(exist_ok=True)
        (built / "index.js").write_text("export const mount = () => () => {};\n")
        (built / "index.css").touch()
    return copy


def _settings(keys: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "RAWR_SERVICE_TOKEN": SERVICE_TOKEN,
        "RAWR_SERVICE_TENANT": "acme",
        "INNGEST_SIGNING_KEY": SIGNING_KEY,
        "INNGEST_SIGNING_KEY_FALLBACK": FALLBACK_KEY,
        "RAWR_JWT_ISSUER": ISSUER,
        "RAWR_JWT_AUDIENCE": AUDIENCE,
        "RAWR_JWT_JWKS": str(keys),
        "RAWR_JWT_ALGORITHMS": "RS256",
    }


async def _people(data_dir: Path) -> tuple[str, str, str]:
    """Add the user, the two third parties and the rival; the tokens of these three."""
    everything = Grant(
        tenant_id="acme",
        roles=(READ, WRITE),
        can_call_internal=True,
        can_trigger_workflows=True,
    )
    hashed = ScryptHasher().hash(PASSWORD)
    await administer(
        data_dir, DATABASE, AddUser(name="ada", password_hash=hashed, grant=everything)
    )
    roles_only = Grant(tenant_id="acme", roles=(READ, WRITE))
    return (
        await _token(data_dir, "partner", roles_only),
        await _token(data_dir, "integrator", everything),
        await _token(
            data_dir,
            "rival",
            msgspec.structs.replace(everything, tenant_id="bolt"),
            CallerClass.SERVICE,
        ),
    )


async def _token(
    data_dir: Path, subject: str, grant: Grant, caller: CallerClass = CallerClass.THIRD_PARTY
) -> str:
    token, digest = mint_token()
    command = CreateToken(
        digest=digest,
        subject=subject,
        caller=caller,
        grant=grant,
        lifetime_seconds=_DAY_SECONDS,
    )
    await administer(data_dir, DATABASE, command)
    return token


def _signed_in(hq: RunningHq, **form: str) -> str:
    """Sign in as the form on the landing page does; the session cookie."""
    response = httpx2.post(f"{hq.base_url}/sign-in", data=form, trust_env=False, timeout=30)
    assert response.status_code == 303, response.text
    return response.headers["set-cookie"].partition(";")[0]
