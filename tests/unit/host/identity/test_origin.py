import pytest

from rawr.host.identity import OriginPolicy

HOST = ("host", "hq.example")
OWN, CSRF = ("origin", "https://hq.example"), ("x-csrf-token", "orpc")
SAME = ("sec-fetch-site", "same-origin")
Header = tuple[str, str]


def call(method: str, *headers: Header, policy: OriginPolicy | None = None) -> bool:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return (policy or OriginPolicy()).admits_call(method, raw)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("proof", [(OWN,), (SAME,), (OWN, SAME)])
def test_the_hqs_own_pages_may_call(method: str, proof: tuple[Header, ...]) -> None:
    assert call(method, HOST, *proof, CSRF)
    assert not call(method, HOST, *proof)


@pytest.mark.parametrize(
    "headers",
    [
        (CSRF,),
        (("origin", "https://evil.test"), CSRF),
        (("origin", "https://hq.example.evil.test"), CSRF),
        (("origin", "https://evil.test/hq.example"), CSRF),
        (("origin", "https://hq.example:8443"), CSRF),
        (("origin", "null"), CSRF),
        (("origin", ""), CSRF),
        (("sec-fetch-site", "cross-site"), CSRF),
        (("sec-fetch-site", "same-site"), CSRF),
        (("sec-fetch-site", "none"), CSRF),
        (("sec-fetch-site", "cross-site"), OWN, CSRF),
        (SAME, ("origin", "https://evil.test"), CSRF),
        (SAME, ("sec-fetch-site", "cross-site"), CSRF),
        (OWN, ("origin", "https://evil.test"), CSRF),
        (OWN, ("x-csrf-token", "")),
        (OWN, ("x-csrf-token", "ORPC")),
        (OWN, CSRF, CSRF),
    ],
)
def test_nobody_else_may_call(headers: tuple[Header, ...]) -> None:
    assert not call("POST", HOST, *headers)


def test_a_missing_host_is_nobodys_origin() -> None:
    assert not call("POST", ("origin", "https://"), CSRF)
    assert not call("POST", ("origin", "http://"), SAME, CSRF)


@pytest.mark.parametrize(
    ("headers", "is_admitted"),
    [
        ((), True),
        ((SAME,), True),
        ((("sec-fetch-site", "none"),), True),
        ((OWN,), True),
        ((("sec-fetch-site", "same-site"),), False),
        ((("sec-fetch-site", "cross-site"),), False),
        ((("origin", "https://evil.test"),), False),
    ],
)
def test_reading_takes_no_header_but_no_other_site_either(
    headers: tuple[Header, ...], is_admitted: bool
) -> None:
    assert call("GET", HOST, *headers) is is_admitted


def test_a_configured_origin_is_the_only_one() -> None:
    policy = OriginPolicy(public_origin="https://hq.example")
    inner = ("host", "10.0.0.7:3000")
    assert call("POST", inner, OWN, CSRF, policy=policy)
    assert not call("POST", inner, ("origin", "http://10.0.0.7:3000"), CSRF, policy=policy)
    assert not call("POST", HOST, ("origin", "http://hq.example"), CSRF, policy=policy)
    forwarded = ("x-forwarded-host", "evil.test")
    assert not call("POST", inner, forwarded, ("origin", "https://evil.test"), CSRF, policy=policy)
