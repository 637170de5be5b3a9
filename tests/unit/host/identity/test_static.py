import stat
from pathlib import Path

from rawr.composition import CallerClass, Principal
from rawr.host.identity import BearerToken, SessionCookie, TokenIdentity, development_identity


async def test_the_development_token_is_minted_once_and_private(tmp_path: Path) -> None:
    identity = development_identity(tmp_path, frozenset())
    path = tmp_path / "dev-token"
    token = path.read_text().strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(token) >= 32

    principal = await identity.authenticate(BearerToken(token))
    assert principal is not None
    assert principal.caller is CallerClass.FIRST_PARTY

    development_identity(tmp_path, frozenset())
    assert path.read_text().strip() == token


async def test_a_loosened_token_file_is_closed_again(tmp_path: Path) -> None:
    development_identity(tmp_path, frozenset())
    (tmp_path / "dev-token").chmod(0o644)
    development_identity(tmp_path, frozenset())
    assert stat.S_IMODE((tmp_path / "dev-token").stat().st_mode) == 0o600


async def test_a_wrong_token_proves_nobody() -> None:
    principal = Principal(subject="s", tenant_id="t", caller=CallerClass.SERVICE)
    identity = TokenIdentity.of({"right": principal})
    assert await identity.authenticate(BearerToken("right")) is principal
    assert await identity.authenticate(BearerToken("wrong")) is None
    assert await identity.authenticate(BearerToken("")) is None
    assert await identity.authenticate(SessionCookie("right")) is None


def test_tokens_are_kept_as_digests_only() -> None:
    principal = Principal(subject="s", tenant_id="t", caller=CallerClass.SERVICE)
    assert "right" not in repr(TokenIdentity.of({"right": principal}))
