"""A source text and the edits to make in it, placed by its syntax tree."""

import ast
import io
import tokenize
from collections.abc import Sequence


class Source:
    """Collects edits; what they do not touch stays as it is.

    Places are those of `ast`: lines count from 1, columns in UTF-8 bytes. So the text is bytes
    inside.
    """

    def __init__(self, text: str) -> None:
        self.text = text if text.endswith("\n") else f"{text}\n"
        self._lines = self.text.encode().splitlines(keepends=True)
        self._edits: list[tuple[int, int, int, bytes]] = []

    def line(self, number: int) -> str:
        """A line by its number, without its end."""
        return self._lines[number - 1].decode().rstrip("\r\n")

    def segment(self, node: ast.AST) -> str:
        """What a node is written as."""
        return ast.get_source_segment(self.text, node) or ""

    def has_comment(self, node: ast.expr | ast.stmt) -> bool:
        """True if there is a comment on the lines of a node."""
        found = tokenize.generate_tokens(io.StringIO(self.text).readline)
        last = node.end_lineno or node.lineno
        return any(
            one.type == tokenize.COMMENT and node.lineno <= one.start[0] <= last for one in found
        )

    def replace(self, node: ast.expr | ast.stmt, text: str) -> None:
        """Write a node in another way."""
        self._edit(self._start(node), self._end(node), text)

    def insert_after(self, node: ast.expr | ast.stmt, text: str) -> None:
        """Write something right behind a node."""
        self._edit(self._end(node), self._end(node), text)

    def insert_lines(self, before_line: int, lines: Sequence[str]) -> None:
        """Write lines before a line; edits of one place stay in their order."""
        at = self._offset(before_line, 0)
        self._edit(at, at, "".join(f"{line}\n" for line in lines))

    def is_followed_by_comma(self, node: ast.expr, within: ast.expr) -> bool:
        """True if a comma stands between a node and the end of the one that holds it."""
        between = self.text.encode()[self._end(node) : self._end(within)].decode()
        return any(line.split("#")[0].strip().startswith(",") for line in between.splitlines())

    def edited(self) -> str:
        """The text with every edit made."""
        text = self.text.encode()
        for start, _, end, replacement in sorted(self._edits, reverse=True):
            text = text[:start] + replacement + text[end:]
        return text.decode()

    def _edit(self, start: int, end: int, text: str) -> None:
        self._edits.append((start, len(self._edits), end, text.encode()))

    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self._offset(node.lineno, node.col_offset)

    def _end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None  # a parsed node has an end
        assert node.end_col_offset is not None
        return self._offset(node.end_lineno, node.end_col_offset)

    def _offset(self, line: int, column: int) -> int:
        return sum(map(len, self._lines[: line - 1])) + column
