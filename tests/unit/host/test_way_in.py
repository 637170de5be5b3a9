"""In production an HQ that nobody could call is not served; every single way in is enough."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.composition.kit import capability
from tests.unit.host.identity.kit import ISSUER, RSA, key_set
from tests.unit.host.kit import PEOPLE

from rawr.composition import CallerClass, compose_capabilities
from rawr.host import DATABASE, Settings, SettingsError, TokenIdentity, boot
from rawr.host.identity import (
    AddUser,
    Argon2Hasher,
    CreateToken,
    DisableUser,
    Grant,
    RevokeToken,
    administer,
    mint_token,
)

SMALL = compose_capabilities([capability()])
GRANT = Grant(tenant_id="acme")


async def serves(data_dir: Path, **settings: Any) -> bool:
    made = Settings(hq_dir=data_dir, data_dir=data_dir, mode="production", **settings)
    async with boot(SMALL, made) as host:
        return host.readiness.report().ready


async def add_user(data_dir: Path) -> None:
    hashed = Argon2Hasher(memory_kib=8, passes=1, lanes=1).hash("correct horse battery")
    await administer(data_dir, DATABASE, AddUser(name="ada", password_hash=hashed, grant=GRANT))


async def create_token(data_dir: Path, *, seconds: int = 3600) -> str:
    _, digest = mint_token()
    command = CreateToken(
        digest=digest,
        subject="partner",
        caller=CallerClass.THIRD_PARTY,
        grant=GRANT,
        lifetime_seconds=seconds,
    )
    return (await administer(data_dir, DATABASE, command)).tokens[0].token_id


async def test_without_any_way_in_it_is_not_served(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nobody could call this HQ: set RAWR_SERVICE_TOKEN"):
        await serves(tmp_path)


async def test_a_service_token_is_a_way_in(tmp_path: Path) -> None:
    assert await serves(tmp_path, service_token="0123456789abcdef0123456789abcdef")


async def test_a_user_is_a_way_in_until_disabled(tmp_path: Path) -> None:
    await add_user(tmp_path)
    assert await serves(tmp_path)
    await administer(tmp_path, DATABASE, DisableUser(name="ada"))
    with pytest.raises(SettingsError, match="rawr users add"):
        await serves(tmp_path)


async def test_a_token_is_a_way_in_until_revoked(tmp_path: Path) -> None:
    token_id = await create_token(tmp_path)
    assert await serves(tmp_path)
    await administer(tmp_path, DATABASE, RevokeToken(token_id=token_id))
    with pytest.raises(SettingsError, match="rawr tokens create"):
        await serves(tmp_path)


async def test_an_issuer_of_jwts_is_a_way_in(tmp_path: Path) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_bytes(key_set(RSA))
    assert await serves(
        tmp_path / "data",
        jwt_issuer=ISSUER,
        jwt_audience="rawr-hq",
        jwt_jwks=str(keys),
        jwt_algorithms=("RS256",),
    )


async def test_an_identity_of_ones_own_is_a_way_in(tmp_path: Path) -> None:
    settings = Settings(hq_dir=tmp_path, data_dir=tmp_path, mode="production")
    async with boot(SMALL, settings, identity=TokenIdentity.of(dict(PEOPLE))) as host:
        assert host.readiness.report().ready


async def test_development_has_its_own(tmp_path: Path) -> None:
    async with boot(SMALL, Settings(hq_dir=tmp_path, data_dir=tmp_path)) as host:
        assert host.readiness.report().ready
