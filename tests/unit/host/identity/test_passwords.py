import pytest

from rawr.host.identity import InvalidIdentity, ScryptHasher, check_password

QUICK = ScryptHasher(log_n=4, p=1)


def test_a_hash_verifies_its_password_only() -> None:
    encoded = QUICK.hash("correct horse battery")
    assert QUICK.verify("correct horse battery", encoded)
    assert not QUICK.verify("correct horse batterz", encoded)
    assert not QUICK.verify("", encoded)


def test_two_hashes_of_one_password_differ() -> None:
    assert QUICK.hash("correct horse battery") != QUICK.hash("correct horse battery")


def test_hashes_of_other_parameters_still_verify() -> None:
    assert QUICK.verify("p", ScryptHasher(log_n=5, r=4, p=2).hash("p"))


def test_the_default_costs_what_is_recommended() -> None:
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
def test_a_malformed_hash_verifies_nothing(encoded: str) -> None:
    assert not QUICK.verify("p", encoded)


@pytest.mark.parametrize("password", ["\ud800" * 12, "\u00e9" * 12, "a\x00b" * 4])
def test_any_text_is_a_password(password: str) -> None:
    check_password(password)
    assert QUICK.verify(password, QUICK.hash(password))


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025, "\u00e9" * 513])
def test_a_poor_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidIdentity):
        check_password(password)
