"""Bodies: how they are told apart, read and written."""

import time

import pytest

from rawr.schema import UNDEFINED, File
from rawr.wire import DecodeError, EncodeError, FormData, URLSearchParams
from rawr.wire.body import (
    EVENT_STREAM,
    BodyKind,
    Headers,
    body_kind,
    encode_body,
    flatten_header,
    headers_from_json,
    parse_body,
    random_boundary,
)
from rawr.wire.disposition import content_disposition, filename_of
from rawr.wire.multipart import MultipartLimits, encode_multipart, parse_multipart


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, BodyKind.JSON),
        ({"content-type": ""}, BodyKind.JSON),
        ({"content-type": "application/json; charset=utf-8"}, BodyKind.JSON),
        ({"content-type": "application/jsonp"}, BodyKind.JSON),
        ({"content-type": "multipart/form-data; boundary=x"}, BodyKind.FORM_DATA),
        ({"content-type": "application/x-www-form-urlencoded"}, BodyKind.URL_SEARCH_PARAMS),
        ({"content-type": "text/event-stream"}, BodyKind.EVENT_STREAM),
        ({"content-type": "text/plain"}, BodyKind.TEXT),
        ({"content-type": "text/html"}, BodyKind.FILE),
        ({"content-type": "Application/JSON"}, BodyKind.FILE),
        ({"content-type": "application/json", "content-disposition": "inline"}, BodyKind.FILE),
        ({"content-type": ["text/plain", "x"]}, BodyKind.TEXT),
    ],
)
def test_the_start_of_the_type_decides(headers: Headers, kind: BodyKind) -> None:
    assert body_kind(headers) is kind


@pytest.mark.parametrize(
    ("content", "headers", "body"),
    [
        (b"", {}, UNDEFINED),
        (b'{"a":1}', {"content-type": "application/json"}, {"a": 1}),
        (b"null", {}, None),
        (
            b"a=1&a=%C3%A9+b",
            {"content-type": "application/x-www-form-urlencoded"},
            URLSearchParams((("a", "1"), ("a", "é b"))),
        ),
        ("é".encode(), {"content-type": "text/plain"}, "é"),
        (b"x", {"content-type": "text/event-stream"}, EVENT_STREAM),
        (b"x", {"content-type": "image/PNG"}, File(b"x", "image/png", "blob")),
        (b"x", {"content-disposition": "inline"}, File(b"x", "", "blob")),
        (
            b"x",
            {"content-disposition": 'inline; filename="n"', "content-type": "a/b"},
            File(b"x", "a/b", "n"),
        ),
    ],
)
def test_bodies_are_read(content: bytes, headers: Headers, body: object) -> None:
    assert parse_body(content, headers) == body


def test_a_body_that_is_not_what_it_says_is_refused() -> None:
    with pytest.raises(DecodeError):
        parse_body(b"{", {})
    with pytest.raises(DecodeError):
        parse_body(b"", {"content-type": "multipart/form-data; boundary=x"})


def test_bodies_carry_the_headers_that_describe_them() -> None:
    assert encode_body(UNDEFINED).headers == {}
    assert encode_body({"a": 1}).headers == {"content-type": "application/json"}
    assert encode_body(EVENT_STREAM).headers == {"content-type": "text/event-stream"}
    params = encode_body(URLSearchParams((("a b", "~*"),)))
    assert (params.content, params.headers) == (
        b"a+b=%7E*",
        {"content-type": "application/x-www-form-urlencoded"},
    )
    file = encode_body(File(b"abc", "text/plain\r\nx: y", "a.txt"), disposition="attachment")
    assert file.headers == {
        "content-type": "",
        "content-length": "3",
        "content-disposition": "attachment",
    }


def test_every_form_gets_a_boundary_of_its_own() -> None:
    assert random_boundary() != random_boundary()


@pytest.mark.parametrize(
    ("value", "flat"), [("a", "a"), (["a", "b"], "a, b"), ([], None), (None, None)]
)
def test_repeated_headers_are_joined(value: str | list[str] | None, flat: str | None) -> None:
    assert flatten_header(value) == flat


def test_headers_in_json_are_texts_or_lists_of_texts() -> None:
    assert headers_from_json(None) == {}
    assert headers_from_json({"a": "b", "c": ["d"]}) == {"a": "b", "c": ["d"]}


@pytest.mark.parametrize("broken", [[], {"a": 1}, {"a": [1]}, "x"])
def test_other_headers_in_json_are_refused(broken: object) -> None:
    with pytest.raises(DecodeError):
        headers_from_json(broken)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('inline; filename="a\\"b"', 'a"b'),
        ("inline; filename*=utf-8''%C3%A9", "é"),
        ("inline; filename=\"x\"; filename*=UTF-8''y%20z", "y z"),
        ("inline; filename*=%zz", "%zz"),
        ("inline; filename*=%ff", "%ff"),
        ("attachment", None),
        ("inline; filename=plain", None),
    ],
)
def test_file_names_are_found(header: str, name: str | None) -> None:
    assert filename_of(header) == name


def test_a_disposition_names_a_file_twice() -> None:
    assert content_disposition("a b.txt") == (
        "inline; filename=\"a b.txt\"; filename*=utf-8''a%20b.txt"
    )


TYPE = "multipart/form-data; boundary=B"


def part(headers: str, body: str = "x") -> bytes:
    return f"--B\r\n{headers}\r\n\r\n{body}\r\n".encode()


FIELD = part('Content-Disposition: form-data; name="a"')
END = b"--B--\r\n"


def test_a_form_round_trips() -> None:
    form = FormData((("data", "{}"), ('q"\r\n', File(b"\r\n--C\xff", "a/b", 'f"')), ("e", "")))
    content = encode_multipart(form.entries, "B")
    assert parse_multipart(content, TYPE) == form


@pytest.mark.parametrize(
    "content",
    [
        FIELD + END,
        b"preamble\r\n" + FIELD + END,
        FIELD + END + b"epilogue",
        FIELD + b"--B--",
        part('CONTENT-disposition: form-data ; NAME="a"') + END,
    ],
)
def test_a_field_without_a_file_name_is_text(content: bytes) -> None:
    assert parse_multipart(content, TYPE).entries == (("a", "x"),)


@pytest.mark.parametrize(
    "content_type", ['multipart/form-data; boundary="B"', f"{TYPE}; charset=x"]
)
def test_a_boundary_may_be_quoted(content_type: str) -> None:
    assert parse_multipart(FIELD + END, content_type).get("a") == "x"


def test_a_file_may_have_no_type_and_no_name() -> None:
    content = part('Content-Disposition: form-data; name="a"; filename=""') + END
    assert parse_multipart(content, TYPE).get("a") == File(b"x", "text/plain", "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"--B",
        b"--B\r\n",
        b"--Bx",
        FIELD,
        FIELD + b"--B",
        b"--B\r\n\r\nx\r\n" + END,
        part('Content-Disposition: form-data; filename="a"') + END,
        part('Content-Disposition: attachment; name="a"') + END,
        part("Content-Type: text/plain") + END,
        part("no colon") + END,
        FIELD.replace(b"\r\n", b"\n") + END,
    ],
)
def test_a_broken_form_is_refused(content: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_multipart(content, TYPE)


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", f"{TYPE[:-1]}{'b' * 71}"],
)
def test_a_form_needs_a_boundary(content_type: str) -> None:
    with pytest.raises(DecodeError, match="boundary"):
        parse_multipart(FIELD + END, content_type)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (MultipartLimits(parts=1), "more than 1 parts"),
        (MultipartLimits(header_bytes=10), "first 10 bytes"),
        (MultipartLimits(total_bytes=10), "larger than 10 bytes"),
    ],
)
def test_a_form_past_its_limits_is_refused(limits: MultipartLimits, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        parse_multipart(FIELD + FIELD + END, TYPE, limits)


def test_a_boundary_that_occurs_in_a_part_is_refused() -> None:
    with pytest.raises(EncodeError, match="boundary"):
        encode_multipart([("a", "--B")], "B")


def test_time_is_linear_in_the_form() -> None:
    limits = MultipartLimits(parts=200_000)
    start = time.perf_counter()
    parse_multipart(FIELD * 50_000 + END, TYPE, limits)
    with pytest.raises(DecodeError):
        parse_multipart(b"--B\r\n" + b"\r\n--" * 1_000_000, TYPE, limits)
    with pytest.raises(DecodeError):
        parse_multipart(part('Content-Disposition: form-data; name="a' + '\\"' * 8000), TYPE)
    assert time.perf_counter() - start < 5
