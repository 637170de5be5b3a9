"""Text to tokens: CEL's lexical grammar, comments included."""

import re
from dataclasses import dataclass
from enum import Enum

from rawr.durable.domain.expr._errors import ExpressionSyntaxError
from rawr.durable.domain.expr._values import UInt


class Kind(Enum):
    """What a token is."""

    NAME = "name"
    LITERAL = "literal"
    OPERATOR = "operator"
    END = "end of expression"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, where it stands, and for a literal its value."""

    kind: Kind
    text: str
    position: int
    value: object = None


KEYWORDS = frozenset({"true", "false", "null", "in"})
_RESERVED_WORDS = (
    "as break const continue else for function if import let loop package namespace return var "
    "void while"
)
RESERVED = frozenset(_RESERVED_WORDS.split())

_TOKEN = re.compile(
    r"""
      (?P<space>   (?:[ \t\r\n\f]+|//[^\n]*)+ )
    | (?P<float>   (?:[0-9]+\.[0-9]+|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+ )
    | (?P<int>     (?:0x[0-9a-fA-F]+|[0-9]+)[uU]? )
    | (?P<string>  [bB]?
                   (?: \"\"\"(?:[^\\]|\\.)*?\"\"\" | '''(?:[^\\]|\\.)*?'''
                     | "(?:[^"\\\r\n]|\\.)*" | '(?:[^'\\\r\n]|\\.)*' ) )
    | (?P<name>    [_a-zA-Z][_a-zA-Z0-9]* )
    | (?P<operator> && | \|\| | [=!<>]= | [-+*/%<>!?:.,()\[\]{}] )
    """,
    re.VERBOSE | re.DOTALL,
)
_RAW_STRING = re.compile(
    r"""(?:\"\"\".*?\"\"\"|'''.*?'''|"[^"\r\n]*"|'[^'\r\n]*')""",
    re.DOTALL,
)
_RAW_PREFIX = re.compile(r"(?:[rR][bB]?|[bB][rR])(?=[\"'])")
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL
)
_SIMPLE_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`",
}  # fmt: skip
_MAX_UINT = 2**64 - 1
_MAX_INT_MAGNITUDE = 2**63
_MAX_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


def tokenize(text: str) -> list[Token]:
    """Split the text into tokens, ending with one of kind END.

    Raises:
        ExpressionSyntaxError: a character, number or string is not CEL.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        token, position = _next_token(text, position)
        if token is not None:
            tokens.append(token)
    tokens.append(Token(Kind.END, "", len(text)))
    return tokens


def _next_token(text: str, position: int) -> tuple[Token | None, int]:
    raw = _RAW_PREFIX.match(text, position)
    if raw is not None:
        body = _RAW_STRING.match(text, raw.end())
        if body is None:
            raise ExpressionSyntaxError("this string is not closed", position)
        value = _string(raw.group(), body.group(), position)
        return Token(Kind.LITERAL, raw.group() + body.group(), position, value), body.end()
    match = _TOKEN.match(text, position)
    if match is None:
        problem = (
            "this string is not closed" if text[position] in "\"'" else "this character is not CEL"
        )
        raise ExpressionSyntaxError(f"{problem}: {text[position]!r}", position)
    return _token(match), match.end()


def _token(match: re.Match[str]) -> Token | None:
    text, position = match.group(), match.start()
    match match.lastgroup:
        case "space":
            return None
        case "float":
            return Token(Kind.LITERAL, text, position, float(text))
        case "int":
            return Token(Kind.LITERAL, text, position, _integer(text, position))
        case "string":
            quoted = text.lstrip("bB")
            value = _string(text[: len(text) - len(quoted)], quoted, position)
            return Token(Kind.LITERAL, text, position, value)
        case "name":
            return Token(Kind.NAME, text, position)
        case _:
            return Token(Kind.OPERATOR, text, position)


def _integer(text: str, position: int) -> int:
    digits = text.rstrip("uU")
    value = int(digits, 16 if digits.startswith("0x") else 10)
    if digits != text:
        if value > _MAX_UINT:
            raise ExpressionSyntaxError("the integer does not fit in 64 bits", position)
        return UInt(value)
    # 2**63 itself is let through: the parser admits it behind a minus sign only.
    if value > _MAX_INT_MAGNITUDE:
        raise ExpressionSyntaxError("the integer does not fit in 64 bits", position)
    return value


def _string(prefix: str, quoted: str, position: int) -> str | bytes:
    flags = prefix.lower()
    width = 3 if quoted.startswith(('"""', "'''")) else 1
    body = quoted[width:-width]
    if "b" in flags:
        return body.encode() if "r" in flags else _unescape_bytes(body, position)
    return body if "r" in flags else _unescape(body, position)


def _unescape(body: str, position: int) -> str:
    if "\\" not in body:
        return body
    return _ESCAPE.sub(lambda match: _escaped(match, position), body)


def _unescape_bytes(body: str, position: int) -> bytes:
    pieces = bytearray()
    start = 0
    for match in _ESCAPE.finditer(body):
        pieces += body[start : match.start()].encode()
        byte = match.group(1) or match.group(4)
        if byte is not None:
            pieces.append(int(byte, 16 if match.group(1) else 8))
        else:
            pieces += _escaped(match, position).encode()
        start = match.end()
    return bytes(pieces + body[start:].encode())


def _escaped(match: re.Match[str], position: int) -> str:
    two, four, eight, octal, simple = match.groups()
    if simple is not None:
        if simple not in _SIMPLE_ESCAPES:
            raise ExpressionSyntaxError(f"unknown escape \\{simple} in a string", position)
        return _SIMPLE_ESCAPES[simple]
    code = int(octal, 8) if octal is not None else int(two or four or eight, 16)
    if code > _MAX_CODE_POINT or code in _SURROGATES:
        raise ExpressionSyntaxError("an escape in a string is no character", position)
    return chr(code)
