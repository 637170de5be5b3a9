"""What an attacker tries, on the running host: refused, without harm, and without a clue."""

import ast
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import rawr
from packages.invoicing.errors import RunRef
from tests.acceptance.boundary import probes
from tests.acceptance.boundary.callers import Callers, bearer
from tests.acceptance.boundary.forgeries import FORGED
from tests.acceptance.boundary.wire import request, send
from tests.acceptance.boundary.world import (
    COOKIE,
    FALLBACK_KEY,
    ISSUER_KEY,
    PASSWORD,
    SERVICE_TOKEN,
    SIGNING_KEY,
    World,
    claims,
    running_world,
    signed_jwt,
)

pytestmark = pytest.mark.acceptance

PLAIN = b'{"invoiceId":"i"}'
CALLS = [
    (probes.RPC_START, probes.rpc_body()),
    (probes.RPC_TRIGGER, probes.rpc_body()),
    (probes.START, PLAIN),
    (probes.TRIGGER, PLAIN),
]
AS_SERVICE = bearer(SERVICE_TOKEN)


# -- Tokens ------------------------------------------------------------------------------------


async def test_a_good_jwt_is_taken_and_stays_a_third_partys(callers: Callers) -> None:
    proof = bearer(signed_jwt(ISSUER_KEY, claims()))
    told = [
        (await callers.anybody.fetch("POST", path, content=body, headers=proof)).status_code
        for path, body in CALLS
    ]
    assert told == [403, 403, 200, 200]


@pytest.mark.parametrize("what", FORGED)
async def test_a_forged_jwt_proves_nobody(callers: Callers, what: str) -> None:
    proof = bearer(FORGED[what]())
    for path, body in CALLS:
        response = await callers.anybody.fetch("POST", path, content=body, headers=proof)
        assert probes.failure(response) == probes.UNAUTHORIZED, path


@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "api_key", "bearer"])
async def test_a_token_in_the_address_proves_nobody(
    world: World, callers: Callers, name: str
) -> None:
    for path, body in CALLS:
        url = f"{path}?{name}={SERVICE_TOKEN}"
        response = await callers.anybody.fetch("POST", url, content=body)
        assert probes.failure(response) == probes.UNAUTHORIZED, path
    assert SERVICE_TOKEN not in world.hq.log.read_text()


async def test_a_token_is_one_header_and_one_only(world: World) -> None:
    for first, second in ((SERVICE_TOKEN, "x"), ("x", SERVICE_TOKEN), (SERVICE_TOKEN,) * 2):
        head = request(probes.START.encode(), PLAIN, headers=bearer(first))
        twice = head.replace(b"\r\n", f"\r\nauthorization: Bearer {second}\r\n".encode(), 1)
        assert send(world.base_url, twice).status == 401


# -- Identity and addresses in headers ---------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-user": "ada", "x-forwarded-email": "ada@example.com"},
        {"x-remote-user": "ada", "remote-user": "ada", "x-user-id": "ada"},
        {"x-tenant-id": "acme", "x-roles": "finance:write", "x-can-call-internal": "true"},
        {"x-caller-surface": "first-party", "x-forwarded-client-cert": "Subject=CN=ada"},
        {"authorization": "Basic YWRhOmFkYQ=="},
        {"cookie": f"{COOKIE}=guess"},
        {"cookie": f"rawr_session={SERVICE_TOKEN}"},
    ],
)
async def test_headers_make_nobody(callers: Callers, headers: dict[str, str]) -> None:
    for path, body in CALLS:
        response = await callers.visitor.fetch("POST", path, content=body, headers=headers)
        assert probes.failure(response) == probes.UNAUTHORIZED, path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An HQ that takes triggers from one network alone, which nobody here is in."""
    folder = tmp_path_factory.mktemp("guarded")
    with running_world(
        folder, RAWR_INTERNAL_ONLY="true", RAWR_TRUSTED_CIDRS="10.0.0.0/8"
    ) as running:
        yield running


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-forwarded-for", "10.1.2.3"),
        ("x-forwarded-for", "10.1.2.3, 127.0.0.1"),
        ("forwarded", "for=10.1.2.3"),
        ("x-real-ip", "10.1.2.3"),
        ("cf-connecting-ip", "10.1.2.3"),
        ("true-client-ip", "10.1.2.3"),
        ("x-original-forwarded-for", "10.1.2.3"),
        ("host", "10.1.2.3"),
    ],
)
def test_nobody_chooses_an_address(guarded: World, name: str, value: str) -> None:
    headers = {**AS_SERVICE, name: value}
    answer = send(guarded.base_url, request(probes.TRIGGER.encode(), PLAIN, headers=headers))
    assert answer.status == 403
    assert b"not triggered from this network" in answer.raw


# -- Cross-site requests -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.test", "x-csrf-token": "orpc"},
        {"origin": "null", "x-csrf-token": "orpc"},
        {"origin": "https://127.0.0.1.evil.test", "x-csrf-token": "orpc"},
        {"sec-fetch-site": "same-site", "x-csrf-token": "orpc"},
        {"sec-fetch-site": "cross-site", "x-csrf-token": "orpc"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin", "content-type": "text/plain"},
        {"sec-fetch-site": "same-origin", "content-type": "multipart/form-data; boundary=x"},
        {"origin": "https://evil.test", "x-csrf-token": "orpc", "x-forwarded-host": "evil.test"},
    ],
)
def test_another_site_cannot_use_a_session(world: World, headers: dict[str, str]) -> None:
    for path, body in CALLS:
        sent = request(path.encode(), body, headers={"cookie": world.cookie, **headers})
        answer = send(world.base_url, sent)
        assert (answer.status, b"CSRF_TOKEN_MISMATCH" in answer.raw) == (403, True), path


def test_another_site_cannot_sign_a_browser_in(world: World) -> None:
    headers = {
        "origin": "https://evil.test",
        "sec-fetch-site": "cross-site",
        "content-type": "application/x-www-form-urlencoded",
    }
    form = f"token={SERVICE_TOKEN}".encode()
    answer = send(world.base_url, request(b"/sign-in", form, headers=headers))
    assert (answer.status, b"set-cookie" in answer.raw.lower()) == (403, False)


# -- Bombs -------------------------------------------------------------------------------------


DEEP, MANY = 200_000, 300_000
BOMBS = {
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep in the payload": b'{"json":{"invoiceId":' + b"[" * DEEP + b"]" * DEEP + b"}}",
    "a number of a million digits": b'{"json":{"invoiceId":' + b"9" * 1_000_000 + b"}}",
    "a wide list": b'{"json":{"invoiceId":[' + b"1," * MANY + b"1]}}",
    "many fields": b'{"json":{' + b",".join(b'"f%d":1' % n for n in range(MANY // 4)) + b"}}",
    "many types to restore": json.dumps(
        {"json": {"invoiceId": "i"}, "meta": [[0, "invoiceId"]] * (MANY // 10)}
    ).encode(),
    "paths into nothing": json.dumps(
        {"json": {}, "meta": [[1, *["__proto__"] * 1000]] * 100}
    ).encode(),
}


@pytest.mark.parametrize("path", [probes.RPC_START, probes.START, probes.TRIGGER])
@pytest.mark.parametrize("what", BOMBS)
async def test_deep_and_wide_bodies_are_bad_requests(
    world: World, callers: Callers, path: str, what: str
) -> None:
    before = cpu_seconds(world)
    response = await callers.service.fetch("POST", path, content=BOMBS[what])
    assert probes.failure(response) == (400, "BAD_REQUEST")
    assert cpu_seconds(world) - before < 3


@pytest.mark.parametrize("path", [probes.RPC_START, probes.START, probes.TRIGGER])
def test_an_oversized_body_is_refused_by_its_length(world: World, path: str) -> None:
    headers = {**AS_SERVICE, "content-length": str(1 << 40)}
    answer = send(world.base_url, request(path.encode(), b"", headers=headers))
    assert (answer.status, answer.responses) == (413, 1)


@pytest.mark.parametrize("path", [probes.RPC_START, probes.START, probes.TRIGGER])
def test_an_endless_body_is_refused_while_it_comes(world: World, path: str) -> None:
    head = request(path.encode(), headers={**AS_SERVICE, "transfer-encoding": "chunked"})
    piece = b"100000\r\n" + b"[" * (1 << 20) + b"\r\n"
    endless = head.replace(b"content-length: 0\r\n", b"") + piece * 4 + b"1\r\n[\r\n"
    answer = send(world.base_url, endless)
    assert answer.status == 413


@pytest.mark.parametrize("path", [probes.RPC_START, probes.START, probes.TRIGGER])
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip"])
async def test_a_compressed_bomb_is_never_inflated(
    world: World, callers: Callers, path: str, coding: str
) -> None:
    zeros = b"0" * (256 << 20)
    bomb = zlib.compress(zeros) if coding == "deflate" else gzip.compress(zeros, 1)
    before = peak_bytes(world)
    response = await callers.service.fetch(
        "POST", path, content=bomb, headers={"content-encoding": coding}
    )
    assert response.status_code in (400, 415)
    assert peak_bytes(world) - before < 32 << 20


def test_a_huge_head_is_refused(world: World) -> None:
    many = {f"x-{number}": "a" * 100 for number in range(2000)}
    for headers in ({"x-long": "a" * 1_000_000}, many):
        answer = send(world.base_url, request(b"/health", method=b"GET", headers=headers))
        assert answer.status == 431


@pytest.mark.parametrize(
    "query", ["a" + "[b]" * 5000 + "=1", "a[999999999]=1", "&".join(["a=1"] * 5000)]
)
async def test_a_query_makes_no_monsters(callers: Callers, query: str) -> None:
    run = await probes.registered(callers.service)
    response = await callers.service.fetch("GET", f"/api/workflows/invoicing/runs/{run}?{query}")
    assert response.status_code == 400


# -- Headers, paths, framing -------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        b"x-request-id: a\rx-evil: 1",
        b"x-request-id: a\x00b",
        b"x-request-id: a\n set-cookie: x=1",
        b"x-request-id: a%0d%0ax-evil:%201",
        "x-correlation-id: a\u560d\u560aset-cookie:x".encode(),
        b"origin: http://x\rset-cookie: x=1",
    ],
)
def test_a_header_injects_no_other(world: World, header: bytes) -> None:
    plain = request(probes.TRIGGER.encode(), PLAIN, headers=AS_SERVICE)
    answer = send(world.base_url, plain.replace(b"\r\n", b"\r\n" + header + b"\r\n", 1))
    head, _, _ = answer.raw.lower().partition(b"\r\n\r\n")
    assert not re.search(rb"^(x-evil|set-cookie)", head, re.MULTILINE)
    assert answer.responses == 1


TRICKS = [
    b"//rpc/invoicing/api/startInvoiceProcessing",
    b"/RPC/invoicing/api/startInvoiceProcessing",
    b"/rpc;x/invoicing/api/startInvoiceProcessing",
    b"/rpc/../rpc/invoicing/api/startInvoiceProcessing",
    b"/rpc/%2e%2e/rpc/invoicing/api/startInvoiceProcessing",
    b"/rpc/./invoicing/api/startInvoiceProcessing",
    b"/rpc%2finvoicing%2fapi%2fstartInvoiceProcessing",
    b"/rpc%252finvoicing%252fapi%252fstartInvoiceProcessing",
    b"/%72pc/invoicing/api/startInvoiceProcessing",
    b"/rpc/invoicing/api//startInvoiceProcessing",
    b"/rpc/invoicing/api/startInvoiceProcessing%00",
    b"/rpc/invoicing/api/startInvoiceProcessing",
    b"/rpc/invoicing/api/startInvoiceProcessing/",
    b"http://evil.test/rpc/invoicing/api/startInvoiceProcessing",
    b"/api/orpc/../../rpc/invoicing/api/startInvoiceProcessing",
    b"/api/orpc/..%2f..%2frpc/invoicing/api/startInvoiceProcessing",
    b"/api/orpc/..;/..;/rpc/invoicing/api/startInvoiceProcessing",
    b"/api/workflows/%2e%2e/%2e%2e/rpc/invoicing/api/startInvoiceProcessing",
    b"/api/orpc\\..\\..\\rpc\\invoicing\\api\\startInvoiceProcessing",
    b"*",
]


@pytest.mark.parametrize("target", TRICKS)
def test_no_spelling_of_a_path_takes_a_third_party_to_rpc(world: World, target: bytes) -> None:
    headers = bearer(world.integrator)
    answer = send(world.base_url, request(target, probes.rpc_body(), headers=headers))
    assert answer.status in (400, 403, 404)


@pytest.mark.parametrize(
    "target",
    [
        b"//api/inngest",
        b"/API/INNGEST",
        b"/api/inngest/",
        b"/api/inngest;x",
        b"/api/./inngest",
        b"/api%2finngest",
        b"/api/%69nngest",
        b"/api/workflows/../inngest",
        b"/api/workflows/%2e%2e/inngest",
        b"/rpc/..%2fapi%2finngest",
        b"/health/../api/inngest",
        b"/api/inngest%00",
    ],
)
def test_no_spelling_of_a_path_takes_a_caller_to_the_ingress(world: World, target: bytes) -> None:
    answer = send(world.base_url, request(target, probes.rpc_body(), headers=AS_SERVICE))
    assert answer.status in (400, 403, 404)


def smuggling(*headers: bytes, body: bytes) -> bytes:
    """A request whose end is a matter of opinion, and one that hides behind it."""
    head = [f"POST {probes.START} HTTP/1.1".encode(), b"host: x", b"content-type: application/json"]
    lines = [*head, b"authorization: Bearer " + SERVICE_TOKEN.encode(), *headers]
    hidden = b"POST /api/inngest HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
    return b"\r\n".join(lines) + b"\r\n\r\n" + body + hidden


CHUNKED, END = b"transfer-encoding: chunked", b"0\r\n\r\n"
AMBIGUOUS = [
    smuggling(b"content-length: 17", CHUNKED, body=END),
    smuggling(CHUNKED, b"content-length: 4", body=b"5c\r\n" + PLAIN),
    smuggling(b"content-length: 17", b"content-length: 5", body=PLAIN),
    smuggling(b"content-length: 17, 5", body=PLAIN),
    smuggling(b"content-length: +17", body=PLAIN),
    smuggling(b"content-length: -1", body=PLAIN),
    smuggling(b"content-length: 0x11", body=PLAIN),
    smuggling(b"content-length : 17", body=PLAIN),
    smuggling(b"transfer-encoding: xchunked", body=PLAIN),
    smuggling(b"transfer-encoding : chunked", b"content-length: 17", body=PLAIN),
    smuggling(b"transfer-encoding:\x0bchunked", b"content-length: 17", body=PLAIN),
    smuggling(b"transfer-encoding: chunked, identity", body=END),
    smuggling(CHUNKED, b"transfer-encoding: identity", body=END),
    smuggling(b"x: a\r\n transfer-encoding: chunked", b"content-length: 17", body=PLAIN),
    smuggling(CHUNKED, body=b"0x11\r\n" + PLAIN + b"\r\n" + END),
    smuggling(CHUNKED, body=b"-11\r\n" + PLAIN + b"\r\n" + END),
    smuggling(b"content\x00-length: 17", body=PLAIN),
    smuggling(b"content-length: 17", body=PLAIN).replace(b"\r\n", b"\n"),
]


@pytest.mark.parametrize("sent", AMBIGUOUS)
def test_a_request_of_doubtful_length_is_refused_and_hides_none(world: World, sent: bytes) -> None:
    answer = send(world.base_url, sent, half_close=True)
    assert (answer.status, answer.responses) == (400, 1)


@pytest.mark.parametrize("method", [b"TRACE", b"CONNECT", b"PROPFIND", b"DELETE", b"HEAD", b"get"])
def test_no_other_method_gets_through(world: World, method: bytes) -> None:
    for path in (probes.START, probes.TRIGGER):
        target = b"127.0.0.1:80" if method == b"CONNECT" else path.encode()
        sent = request(target, PLAIN, method=method, headers=AS_SERVICE)
        answer = send(world.base_url, sent, half_close=method == b"CONNECT")
        assert answer.status in (400, 404, 405), path
        assert SERVICE_TOKEN.encode() not in answer.raw


@pytest.mark.parametrize("method", [b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE", b"QUERY"])
def test_no_method_calls_over_rpc_with_a_session_alone(world: World, method: bytes) -> None:
    """RPC runs a procedure whatever the method, so none but GET passes for reading."""
    for path in (probes.RPC_START, probes.RPC_TRIGGER):
        headers = {"cookie": world.cookie}
        sent = request(path.encode(), probes.rpc_body(), method=method, headers=headers)
        assert send(world.base_url, sent).status in (400, 403), path


@pytest.mark.parametrize(
    "name", ["x-http-method-override", "x-http-method", "x-method-override", "x-original-url"]
)
def test_no_header_changes_the_method_or_the_path(world: World, name: str) -> None:
    """Else a link on another site could trigger: reading with a session takes no CSRF header."""
    value = probes.TRIGGER if name == "x-original-url" else "POST"
    headers = {"cookie": world.cookie, name: value}
    for path in (probes.TRIGGER, f"{probes.TRIGGER}?_method=POST&invoiceId=i", probes.RPC_TRIGGER):
        answer = send(world.base_url, request(path.encode(), method=b"GET", headers=headers))
        assert answer.status in (404, 405), path


async def test_after_all_of_that_the_host_serves_as_before(callers: Callers) -> None:
    run = RunRef(run_id=await probes.registered(callers.service))
    assert (await callers.service.workflows().get_run_status(run)).status == "queued"


async def test_refusals_are_on_record_and_secrets_are_not(world: World, callers: Callers) -> None:
    stranger = bearer(FORGED["another key"]())
    await callers.anybody.fetch("POST", probes.TRIGGER, content=PLAIN, headers=stranger)
    log = world.hq.log.read_text()
    assert "request.refused" in log
    secrets = [
        SERVICE_TOKEN,
        SIGNING_KEY,
        FALLBACK_KEY,
        PASSWORD,
        world.partner,
        world.integrator,
        world.rival,
        world.cookie.partition("=")[2],
        stranger["authorization"].removeprefix("Bearer "),
    ]
    assert [secret for secret in secrets if secret in log] == []


# -- Timing ------------------------------------------------------------------------------------


SECRET = re.compile(r"(?:^|_)(secret|password|mac|signature|token)s?$")
NO_SECRETS = {"durable/api/_graphql_parse.py"}  # tokens of a grammar


def test_secrets_are_compared_in_constant_time() -> None:
    """`==` tells by its time how much was guessed right; `hmac.compare_digest` does not."""
    found = {file: where for file, where in comparisons() if file not in NO_SECRETS}
    assert found == {}
    assert {file for file, _ in comparisons()} == NO_SECRETS  # so the search does find


def test_digests_of_secrets_are_compared_in_constant_time() -> None:
    """Elsewhere a digest may be of something public, such as an input."""
    identity = Path(rawr.__file__).parent / "host" / "identity"
    compared = [
        (path.name, ast.unparse(node))
        for path in sorted(identity.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare) and "digest" in ast.unparse(node)
    ]
    assert [text for _, text in compared if "==" in text or "!=" in text] == [
        "len(command.digest) != _DIGEST_BYTES"
    ]


def comparisons() -> Iterator[tuple[str, str]]:
    """Every `==` and `!=` of the product with something named like a secret."""
    root = Path(rawr.__file__).parent
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and compares_a_secret(node):
                yield str(path.relative_to(root)), f"line {node.lineno}: {ast.unparse(node)}"


def compares_a_secret(node: ast.Compare) -> bool:
    is_equality = any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
    return is_equality and any(map(names_a_secret, [node.left, *node.comparators]))


def names_a_secret(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return SECRET.search(name) is not None


def cpu_seconds(world: World) -> float:
    """Processor time the host has used."""
    fields = Path(f"/proc/{world.hq.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def peak_bytes(world: World) -> int:
    """The most memory the host has held."""
    status = Path(f"/proc/{world.hq.process.pid}/status").read_text()
    (kilobytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kilobytes) * 1024
