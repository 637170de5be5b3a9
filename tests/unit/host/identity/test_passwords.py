import pytest

from rawr.host.identity import (
    Argon2Hasher,
    InvalidIdentity,
    PasswordHasher,
    ScryptHasher,
    check_password,
)

QUICK = ScryptHasher(log_n=4, p=1)
QUICK_ARGON2 = Argon2Hasher(memory_kib=8, passes=1, lanes=1)
BOTH = pytest.mark.parametrize("hasher", [QUICK, QUICK_ARGON2], ids=["scrypt", "argon2"])


@BOTH
def test_a_hash_verifies_its_password_only(hasher: PasswordHasher) -> None:
    encoded = hasher.hash("correct horse battery")
    assert hasher.verify("correct horse battery", encoded)
    assert not hasher.verify("correct horse batterz", encoded)
    assert not hasher.verify("", encoded)


@BOTH
def test_two_hashes_of_one_password_differ(hasher: PasswordHasher) -> None:
    assert hasher.hash("correct horse battery") != hasher.hash("correct horse battery")


@BOTH
def test_a_hash_of_its_own_is_not_outdated(hasher: PasswordHasher) -> None:
    assert not hasher.is_outdated(hasher.hash("p"))


def test_argon2_verifies_what_scrypt_made_and_would_make_it_anew() -> None:
    encoded = QUICK.hash("p")
    assert QUICK_ARGON2.verify("p", encoded)
    assert not QUICK_ARGON2.verify("q", encoded)
    assert QUICK_ARGON2.is_outdated(encoded)


def test_a_hash_of_other_cost_is_outdated() -> None:
    encoded = QUICK_ARGON2.hash("p")
    assert Argon2Hasher(memory_kib=16, passes=1, lanes=1).is_outdated(encoded)
    assert ScryptHasher(log_n=5, p=1).is_outdated(QUICK.hash("p"))


def test_what_is_no_hash_is_outdated() -> None:
    assert QUICK_ARGON2.is_outdated("p")


def test_hashes_of_other_parameters_still_verify() -> None:
    assert QUICK.verify("p", ScryptHasher(log_n=5, r=4, p=2).hash("p"))


def test_the_default_costs_what_is_recommended() -> None:
    assert Argon2Hasher().hash("p").startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert ScryptHasher().hash("p").startswith("$scrypt$ln=15,r=8,p=3$")


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "p",
        "$scrypt$ln=4,r=8,p=1$$",
        "$scrypt$ln=4,r=8,p=1$AAAA",
        "$scrypt$ln=4,r=8,p=1$A$A",
        "$scrypt$ln=40,r=8,p=1$AAAA$AAAA",
        "$scrypt$ln=0,r=0,p=0$AAAA$AAAA",
        "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA",
    ],
)
@BOTH
def test_a_malformed_hash_verifies_nothing(hasher: PasswordHasher, encoded: str) -> None:
    assert not hasher.verify("p", encoded)


@pytest.mark.parametrize("password", ["\ud800" * 12, "\u00e9" * 12, "a\x00b" * 4])
@BOTH
def test_any_text_is_a_password(hasher: PasswordHasher, password: str) -> None:
    check_password(password)
    assert hasher.verify(password, hasher.hash(password))


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025, "\u00e9" * 513])
def test_a_poor_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidIdentity):
        check_password(password)
