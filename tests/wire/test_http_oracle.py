"""Paths, headers, forms and event streams judged by the real packages and by Node."""

import base64
from random import Random
from typing import Any

import pytest

from rawr.schema import File
from rawr.wire import DecodeError, EncodeError, URLSearchParams
from rawr.wire.body import encode_urlencoded, parse_urlencoded
from rawr.wire.disposition import content_disposition, filename_of
from rawr.wire.multipart import encode_multipart, parse_multipart
from rawr.wire.path import encode_segment, lookup_path
from rawr.wire.sse import EventDecoder, EventMessage, encode_event

from .conftest import Ask

pytestmark = pytest.mark.node

CHARACTERS = [chr(code) for code in range(0x180)] + ["€", "\u2028", "\ufeff", "😀"]


def _texts(seed: int, count: int = 3000, alphabet: list[str] = CHARACTERS) -> list[str]:
    random = Random(seed)
    return ["".join(random.choices(alphabet, k=random.randrange(10))) for _ in range(count)]


def test_segments_are_escaped_alike(oracle: Ask) -> None:
    samples = CHARACTERS + _texts(20)
    assert [encode_segment(text) for text in samples] == oracle("encodeURIComponent", samples)


def test_request_paths_are_normalised_alike(oracle: Ask) -> None:
    # Not in the sample: what ends a path, dot segments, and the slashes URL parsing rewrites.
    unsafe = set("?#./\\\t\n\r")
    paths = [f"/{text}x" for text in CHARACTERS if text not in unsafe]
    assert [lookup_path(path.encode()) for path in paths] == oracle("pathname", paths)


def test_dispositions_are_written_alike(oracle: Ask) -> None:
    names = CHARACTERS + _texts(21)
    assert [content_disposition(name) for name in names] == oracle("generateDisposition", names)


def test_dispositions_are_read_alike(oracle: Ask) -> None:
    headers = [content_disposition(name) for name in _texts(22)]
    headers += [
        f"inline; {text}"
        for text in _texts(
            23, 3000, ["filename", "*", "=", '"', "\\", ";", "%", "41", "a", "UTF-8''", "é"]
        )
    ]
    assert [filename_of(header) for header in headers] == oracle("readDisposition", headers)


def test_query_strings_are_read_and_written_alike(oracle: Ask) -> None:
    samples = _texts(
        24, 5000, ["a", "&", "=", "+", "%", "%41", "%C3%A9", "%FF", ";", " ", "?", "~"]
    )
    ours = [[list(pair) for pair in parse_urlencoded(text).entries] for text in samples]
    assert ours == oracle("parseUrlencoded", samples)
    pairs = [[[text, text[::-1]]] for text in _texts(25)]
    written = [
        encode_urlencoded(URLSearchParams(tuple((k, v) for k, v in entries))) for entries in pairs
    ]
    assert written == oracle("encodeUrlencoded", pairs)


def test_events_are_written_alike(oracle: Ask) -> None:
    random = Random(26)
    texts = _texts(26, 400, ["a", ":", " ", "\n", "\r", "é", "data"])
    messages: list[dict[str, Any]] = [
        {
            "event": random.choice((None, *texts)),
            "data": random.choice((None, *texts)),
            "id": random.choice((None, *texts)),
            "retry": random.choice((None, 0, 1500, -1)),
            "comments": random.choices(texts, k=random.randrange(3)),
        }
        for _ in range(3000)
    ]
    cases = [{name: value for name, value in m.items() if value is not None} for m in messages]
    wrong = []
    for message, theirs in zip(messages, oracle("encodeEvent", cases), strict=True):
        try:
            ours = encode_event(
                EventMessage(**{**message, "comments": tuple(message["comments"])})
            ).decode()
        except EncodeError:
            ours = None
        if ours != theirs.get("value"):
            wrong.append((message, ours, theirs))
    assert wrong == []


def test_event_streams_are_cut_alike_however_they_arrive(oracle: Ask) -> None:
    random = Random(27)
    pieces = [
        "data: a",
        "data:b",
        "data",
        "event: x",
        "event",
        "id: 1",
        "retry: 10",
        "retry: 01",
        ": c",
        "é",
    ]
    ends = ["\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "\r\r", "\n\r", "\n\r\n"]
    streams = []
    for _ in range(4000):
        text = "".join(random.choice((*pieces, *ends)) for _ in range(random.randrange(1, 12)))
        cuts = sorted(random.randrange(len(text) + 1) for _ in range(random.randrange(4)))
        streams.append([text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)])
    wrong = []
    for chunks, theirs in zip(streams, oracle("decodeEvents", streams), strict=True):
        if (ours := _decode(chunks)) != theirs["value"]:
            wrong.append((chunks, ours, theirs))
    assert wrong == []


def _decode(chunks: list[str]) -> dict[str, Any]:
    decoder = EventDecoder()
    messages = []
    for chunk in chunks:
        for m in decoder.feed(chunk.encode()):
            fields = {"data": m.data, "event": m.event, "id": m.id, "retry": m.retry}
            messages.append(
                {k: v for k, v in fields.items() if v is not None} | {"comments": list(m.comments)}
            )
    try:
        decoder.close()
    except DecodeError:
        return {"messages": messages, "finished": False}
    return {"messages": messages, "finished": True}


FORM: list[tuple[str, str | File]] = [
    ("data", '{"json":{}}'),
    ("text", "line one\nline two\r\nthree\r"),
    ('na"me\r\n', "é😀"),
    ("0", File(b"abc", "image/png", 'n é".png')),
    ("1", File(bytes(range(256)), "", "blob")),
    ("2", File(b"", "text/plain;charset=utf-8", "empty.txt")),
    ("0", "again"),
    ("%22", File(b"\r\n--", "a/b", "new\r\nline")),
]


def _as_json(value: str | File) -> Any:
    if isinstance(value, str):
        return value
    content = base64.b64encode(value.content).decode()
    return {"name": value.name, "type": value.media_type, "base64": content}


def test_forms_are_written_alike(oracle: Ask) -> None:
    (theirs,) = oracle("encodeMultipart", [[[name, _as_json(value)] for name, value in FORM]])
    boundary = theirs["type"].partition("boundary=")[2]
    assert encode_multipart(FORM, boundary) == base64.b64decode(theirs["base64"])


def test_a_file_without_a_name_stays_a_file_for_javascript(oracle: Ask) -> None:
    # Node itself leaves an empty filename out, and so turns its own file into text.
    body = encode_multipart([("0", File(b"x", "a/b", ""))], "b" * 30)
    content_type = f"multipart/form-data; boundary={'b' * 30}"
    (theirs,) = oracle(
        "parseMultipart", [{"type": content_type, "base64": base64.b64encode(body).decode()}]
    )
    assert theirs["value"] == [["0", {"name": "", "type": "a/b", "base64": "eA=="}]]


def test_forms_are_read_alike(oracle: Ask) -> None:
    body = encode_multipart(FORM, "----formdata-rawr-0123456789abcdef")
    content_type = "multipart/form-data; boundary=----formdata-rawr-0123456789abcdef"
    (theirs,) = oracle(
        "parseMultipart", [{"type": content_type, "base64": base64.b64encode(body).decode()}]
    )
    ours = [[name, _as_json(value)] for name, value in parse_multipart(body, content_type).entries]
    assert ours == theirs["value"]


@pytest.mark.parametrize("cut", [1, 10, 40, 60, 200])
def test_a_form_cut_off_is_refused_by_both(oracle: Ask, cut: int) -> None:
    body = encode_multipart(FORM, "----formdata-rawr-0123456789abcdef")[:-cut]
    content_type = "multipart/form-data; boundary=----formdata-rawr-0123456789abcdef"
    (theirs,) = oracle(
        "parseMultipart", [{"type": content_type, "base64": base64.b64encode(body).decode()}]
    )
    if cut == 1:  # only the last line end is missing
        assert len(parse_multipart(body, content_type).entries) == len(FORM)
        return
    assert "error" in theirs
    with pytest.raises(DecodeError):
        parse_multipart(body, content_type)
