"""The page of a document without a script: its operations in plain HTML."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

import msgspec

from rawr.schema import Json

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_UNTAGGED: Final = "Other operations"


def listing(document: Mapping[str, Json], spec_url: str) -> str:
    """The body of the page."""
    info = document.get("info", {})
    groups = _groups(document)
    return "".join(
        (
            f"<header>\n<h1>{escape(str(info.get('title', 'API Reference')))}</h1>\n",
            f"<p>Version {escape(str(info.get('version', '')))}. ",
            f'<a href="{escape(spec_url)}">The OpenAPI document</a></p>\n',
            _paragraph(info.get("description")),
            "</header>\n<main>\n",
            *(_section(tag, operations) for tag, operations in groups.items()),
            *_schemas(document.get("components", {}).get("schemas", {})),
            "</main>\n",
        )
    )


def _groups(document: Mapping[str, Json]) -> dict[str, list[str]]:
    """The operations of each tag, in order of appearance."""
    groups: dict[str, list[str]] = {}
    for path, item in document.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                tags = item[method].get("tags") or [_UNTAGGED]
                groups.setdefault(tags[0], []).append(_operation(method, path, item[method]))
    return groups


def _section(tag: str, operations: list[str]) -> str:
    return f"<section>\n<h2>{escape(tag)}</h2>\n{''.join(operations)}</section>\n"


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    name = operation.get("summary") or operation.get("operationId") or ""
    retired = " <em>deprecated</em>" if operation.get("deprecated") else ""
    return "".join(
        (
            "<details>\n<summary>",
            f'<b class="{method}">{method.upper()}</b> <code>{escape(path)}</code> ',
            f"{escape(name)}{retired}</summary>\n",
            _paragraph(operation.get("description")),
            _parameters(operation.get("parameters", ())),
            _contents("Request body", operation.get("requestBody", {})),
            *(
                _contents(f"{status}: {response.get('description', '')}", response)
                for status, response in operation.get("responses", {}).items()
            ),
            "</details>\n",
        )
    )


def _parameters(parameters: Any) -> str:
    rows = "".join(map(_parameter, parameters))
    return f"<h3>Parameters</h3>\n<table>\n{rows}</table>\n" if rows else ""


def _parameter(parameter: Mapping[str, Any]) -> str:
    cells = (
        f"<code>{escape(str(parameter.get('name', '')))}</code>",
        escape(str(parameter.get("in", ""))),
        "required" if parameter.get("required") else "",
        _code(parameter.get("schema", {})),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"


def _contents(heading: str, holder: Mapping[str, Any]) -> str:
    content = holder.get("content", {})
    if not content and heading == "Request body":
        return ""
    shown = "".join(
        f"<p><code>{escape(media_type)}</code></p>\n<pre>{_code(media.get('schema', {}))}</pre>\n"
        for media_type, media in content.items()
    )
    return f"<h3>{escape(heading)}</h3>\n{shown}"


def _schemas(schemas: Mapping[str, Any]) -> Iterator[str]:
    if schemas:
        yield "<section>\n<h2>Schemas</h2>\n"
        for name, schema in schemas.items():
            yield f"<details>\n<summary><code>{escape(name)}</code></summary>\n"
            yield f"<pre>{_code(schema)}</pre>\n</details>\n"
        yield "</section>\n"


def _paragraph(text: object) -> str:
    return f"<p>{escape(str(text))}</p>\n" if text else ""


def _code(schema: object) -> str:
    pretty = msgspec.json.format(msgspec.json.encode(schema), indent=2)
    return f"<code>{escape(pretty.decode())}</code>"
