"""The scripts inside a page or a component: HTML, Vue and Svelte."""

import re
from typing import Final

MARKUP: Final = (".html", ".htm", ".vue", ".svelte")

_PARTS: Final = re.compile(
    r"""
    (?P<comment><!--.*?(?:-->|\Z))
  | (?P<script><script\b[^<>]*>)(?P<code>.*?)(?:</script\s*>|\Z)
  | (?P<style><style\b.*?(?:</style\s*>|\Z))
  | (?P<tag><[A-Za-z/!](?:"[^"]{0,1000}"|'[^']{0,1000}'|[^<>"'])*>)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_VISIBLE: Final = re.compile(r"[^\n]")


def script_of(text: str) -> str:
    """The text with all but scripts and tags blanked out, so that places stay what they are."""
    kept: list[str] = []
    end = 0
    for part in _PARTS.finditer(text):
        kept.append(_blank(text[end : part.start()]))
        if part["script"] is not None:
            kept.append(part["script"] + part["code"])
            kept.append(_blank(text[part.end("code") : part.end()]))
        else:
            kept.append(part["tag"] or _blank(part.group()))
        end = part.end()
    kept.append(_blank(text[end:]))
    return "".join(kept)


def _blank(text: str) -> str:
    return _VISIBLE.sub(" ", text)
