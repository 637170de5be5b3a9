"""HTTP exchanges as they are written in a block: a request, and the response to expect."""

import re
from dataclasses import dataclass

from tests.docs.matching import Bindings
from tests.docs.session import Answer, Exchange

_REQUEST_LINE = re.compile(r"(?P<method>[A-Z]+) (?P<target>/\S*) HTTP/1\.1")
_STATUS_LINE = re.compile(r"HTTP/1\.1 (?P<status>\d{3})(?: [A-Za-z ]+)?")


@dataclass(frozen=True, slots=True)
class Message:
    """A start line, headers and a body."""

    start: str
    headers: dict[str, str]
    body: str

    @classmethod
    def parse(cls, text: str) -> "Message":
        """Read a message; header names become lower-case."""
        head, _, body = text.strip("\n").partition("\n\n")
        start, *lines = head.splitlines()
        pairs = (line.split(": ", 1) for line in lines)
        return cls(start, {name.lower(): value for name, value in pairs}, body.strip())


def check_exchange(text: str, exchange: Exchange, bindings: Bindings) -> Answer:
    """Send the request of a block and compare the response with the block's."""
    asked, _, told = text.partition("\n\nHTTP/1.1 ")
    assert told, "write the expected response after the request: HTTP/1.1 200 OK"
    request, expected = Message.parse(bindings.fill(asked)), Message.parse(f"HTTP/1.1 {told}")
    line = _REQUEST_LINE.fullmatch(request.start)
    status = _STATUS_LINE.fullmatch(expected.start)
    assert line is not None, f"not a request line: {request.start}"
    assert status is not None, f"not a status line: {expected.start}"
    answer = exchange(line["method"], line["target"], request.headers, request.body)
    assert answer.status == int(status["status"]), f"got {answer.status}: {answer.text}"
    for name, value in expected.headers.items():
        bindings.match_text(value, answer.headers[name])
    bindings.match_body(expected.body, answer.text)
    return answer
