"""Media types, parameters and responses of an operation."""

from typing import Any, Final

from ._components import Components, JsonSchema
from ._schemas import contains_file, is_any, is_never, is_primitive, primitive_list, split_files

JSON: Final = "application/json"
MULTIPART: Final = "multipart/form-data"
EVENT_STREAM: Final = "text/event-stream"


def content(schema: JsonSchema, components: Components) -> dict[str, Any]:
    """The media types a value travels in: files raw, the rest as JSON or, with files, a form."""
    files, rest = split_files(schema)
    types = {file["contentMediaType"]: {"schema": file} for file in files}
    if rest is None or is_any(rest) or is_never(rest):
        return types
    types[JSON] = {"schema": rest}
    if contains_file(rest, components.resolve):
        types[MULTIPART] = {"schema": rest}
    return types


def event_content(item: JsonSchema, result: JsonSchema, *required: str) -> dict[str, Any]:
    """The events of a stream: items, the end with its result, an error."""
    events = [
        _event("message", item, "data"),
        _event("done", result, *required),
        _event("error", {}),
    ]
    return {EVENT_STREAM: {"schema": {"oneOf": events}}}


def _event(name: str, data: JsonSchema, *required: str) -> JsonSchema:
    return {
        "type": "object",
        "properties": {
            "event": {"const": name},
            "data": data,
            "id": {"type": "string"},
            "retry": {"type": "number"},
        },
        "required": ["event", *required],
    }


def parameters(schema: JsonSchema, location: str, components: Components) -> list[dict[str, Any]]:
    """One parameter for each property; objects in a query use bracket notation."""
    required = schema.get("required", ())
    return [
        _parameter(name, location, item, required=name in required, components=components)
        for name, item in schema.get("properties", {}).items()
    ]


def _parameter(
    name: str, location: str, schema: JsonSchema, *, required: bool, components: Components
) -> dict[str, Any]:
    parameter: dict[str, Any] = {"name": name, "in": location}
    if required:
        parameter["required"] = True
    parameter["schema"] = schema
    if location == "query":
        resolved = components.resolve(schema)
        if not is_primitive(resolved) and not primitive_list(resolved):
            parameter |= {"style": "deepObject", "explode": True}
        parameter |= {"allowEmptyValue": True, "allowReserved": True}
    return parameter
