"""Which providers a host gets from its settings; bad settings are named."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.host.identity.kit import EC, ISSUER, RSA, Seconds, claims, key_set, signed
from tests.unit.host.kit import settings_for

from rawr.host import SettingsError
from rawr.host._providers import issued_elsewhere
from rawr.host.identity import BearerToken

GOOD: dict[str, Any] = {
    "jwt_issuer": ISSUER,
    "jwt_audience": "rawr-hq",
    "jwt_jwks": "https://id.example/jwks.json",
    "jwt_algorithms": ("RS256",),
}


def test_without_an_issuer_no_jwt_counts(tmp_path: Path) -> None:
    assert issued_elsewhere(settings_for(tmp_path), frozenset(), Seconds()) == []


async def test_a_key_file_verifies_the_issuers_tokens(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_bytes(key_set(RSA, EC))
    settings = settings_for(tmp_path, **{**GOOD, "jwt_jwks": str(tmp_path / "jwks.json")})
    now = Seconds()
    (identity,) = issued_elsewhere(settings, frozenset(), now)
    good = signed(RSA, "RS256", claims(now()))
    assert await identity.authenticate(BearerToken(good)) is not None
    unlisted = signed(EC, "ES256", claims(now()))
    assert await identity.authenticate(BearerToken(unlisted)) is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"jwt_audience": None}, "RAWR_JWT_AUDIENCE"),
        ({"jwt_jwks": None}, "RAWR_JWT_JWKS"),
        ({"jwt_jwks": "http://id.example/jwks.json"}, "RAWR_JWT_JWKS"),
        ({"jwt_jwks": "ftp://id.example/jwks.json"}, "RAWR_JWT_JWKS"),
        ({"jwt_jwks": "no/such/file.json"}, "RAWR_JWT_JWKS"),
        ({"jwt_algorithms": ()}, "RAWR_JWT_ALGORITHMS"),
        ({"jwt_algorithms": ("none",)}, "RAWR_JWT_ALGORITHMS"),
        ({"jwt_algorithms": ("RS256", "HS256")}, "RAWR_JWT_ALGORITHMS"),
        ({"jwt_caller": "engine"}, "RAWR_JWT_CALLER"),
    ],
    ids=str,
)
def test_a_bad_issuer_setting_is_named(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        issued_elsewhere(settings_for(tmp_path, **{**GOOD, **changes}), frozenset(), Seconds())
