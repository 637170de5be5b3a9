"""The code blocks of a Markdown page, found by Sybil, each with what it claims to be.

A block is executed by its language or checked by the HTML comment on the line above it:

    python             executed (top-level `await` included), one session per page
    http               a request and the response to expect, exchanged with the session's HQ
    sh                 known commands only: curl, rawr and pytest run, make is looked up
    ts                 run on Node
    <!-- file: P -->   a verbatim excerpt of P, gaps marked by a line `# ...`
    <!-- tree: D -->   the files under D
    <!-- names -->     a diagram: every path, module and route it names exists
    <!-- calls -->     a sequence: the last exchange made these calls, in this order
    <!-- output -->    what the block before printed or answered; `...` stands for anything
    <!-- raises -->    the error the block before ends with
    <!-- fails -->     what the command before printed; it ended with the status 1

Any other block is an error, so that nothing on a page goes unchecked.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from sybil import Document, Example, Region
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

_FENCES = RawFencedCodeBlockLexer(re.compile(r"(?P<language>[^\n]*)\n"))
_MARKER = re.compile(r"<!-- (?P<name>[a-z]+)(?:: (?P<argument>[^\n]*?))? -->\n\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block: its text, its language, and the marker above it."""

    language: str
    text: str
    line: int
    """Line of the block's first line of text."""
    marker: str | None = None
    argument: str = ""


@dataclass(slots=True)
class Page:
    """A page and its blocks, in order."""

    path: Path
    blocks: list[Block] = field(default_factory=list)


Evaluate: TypeAlias = Callable[[Page, int], None]
"""Executes or checks the page's n-th block; raises `AssertionError` if it does not hold."""


def parse_page(path: Path, evaluate: Evaluate) -> tuple[Page, list[Example]]:
    """A page and its blocks as Sybil examples, to be evaluated in order."""
    page = Page(path)

    def parser(document: Document) -> Iterator[Region]:
        regions = sorted(_FENCES(document), key=lambda region: region.start)
        for index, region in enumerate(regions):
            page.blocks.append(_block(document, region))
            yield Region(region.start, region.end, index, _evaluator)

    def _evaluator(example: Example) -> None:
        evaluate(page, example.parsed)

    document = Document.parse(str(path), parser)
    return page, list(document.examples())


def _block(document: Document, region: Region) -> Block:
    marked = _MARKER.search(document.text[: region.start])
    return Block(
        language=str(region.lexemes["language"]).strip(),
        text=document.text[region.start : region.end].split("\n", 1)[1].rpartition("\n")[0],
        line=document.text.count("\n", 0, region.start) + 2,
        marker=marked and marked["name"],
        argument=(marked and marked["argument"]) or "",
    )
