import base64
import json

import pytest

from rawr.durable.realtime import TokenRejected, TokenSigner, Topic

TOPICS = [Topic(channel="news", name="posted"), Topic(channel="news", name="deleted")]
NOW_S = 1_767_225_600


def signer(*keys: str) -> TokenSigner:
    return TokenSigner(keys, env_id="env")


def test_a_token_says_what_it_is_for() -> None:
    token = signer("key").issue(TOPICS, now_s=NOW_S)
    assert signer("key").topics(token, now_s=NOW_S + 60) == TOPICS
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["iss"] == "rt.inngest.com"
    assert (claims["iat"], claims["exp"], claims["publish"]) == (NOW_S, NOW_S + 60, False)
    assert claims["topics"][0] == {
        "channel": "news",
        "name": "posted",
        "kind": "run",
        "env_id": "env",
    }


def test_the_secret_of_development_is_the_one_others_use() -> None:
    # Made with another implementation of JSON web tokens.
    token = (
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJydC5pbm5nZXN0LmNvbSIsImV4cCI6NDEwMjQ0NDgwMCwidG9waWNzIjpbeyJjaGFubmVs"
        "IjoibmV3cyIsIm5hbWUiOiJwb3N0ZWQiLCJraW5kIjoicnVuIn1dfQ"
        ".8HsdWOQgy9Ni4i9HqFgG8OP6qNoO2mCaVLqi9mwi5m4"
    )
    assert signer().topics(token, now_s=NOW_S) == TOPICS[:1]


def test_a_fallback_key_still_verifies() -> None:
    token = signer("old").issue(TOPICS, now_s=NOW_S)
    assert signer("new", "old").topics(token, now_s=NOW_S) == TOPICS


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "no JSON web token"),
        ("a.b", "no JSON web token"),
        ("a.b.c", "cannot be read"),
        ("e30.e30.e30", "cannot be read"),
        ("!.!.!", "cannot be read"),
    ],
)
def test_what_is_no_token_is_refused(token: str, said: str) -> None:
    with pytest.raises(TokenRejected, match=said):
        signer("key").topics(token, now_s=NOW_S)


def test_a_token_of_another_key_or_algorithm_is_refused() -> None:
    token = signer("other").issue(TOPICS, now_s=NOW_S)
    _, claims, signature = token.split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for forged in (token, f"{unsigned}.{claims}.", f"{unsigned}.{claims}.{signature}"):
        with pytest.raises(TokenRejected, match="not signed by this engine"):
            signer("key").topics(forged, now_s=NOW_S)


def test_a_token_that_is_too_old_is_refused() -> None:
    token = signer("key").issue(TOPICS, now_s=NOW_S)
    with pytest.raises(TokenRejected, match="expired"):
        signer("key").topics(token, now_s=NOW_S + 61)
