"""One procedure as an OpenAPI operation."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rawr.contract import EventIteratorSchema, ProcedureDefinition, Route, is_error_status
from rawr.schema import SchemaAdapter, SchemaMode

from ._components import Components, JsonSchema
from ._content import JSON, content, event_content, parameters
from ._errors import Undescribable
from ._failures import FailureWriter
from ._schemas import accepts_null, branches, is_any, is_object, merge_objects, split_object

_PATH_PARAM: Final = re.compile(r"\{\+?([^{}]+)\}")

_COMPACT_PARAMS: Final = (
    "its path has parameters, so its input must be an object that requires each of them: {}"
)
_COMPACT_QUERY: Final = "it is read with GET, so its input must be an object; got {}"
_DETAILED_INPUT: Final = (
    "its input structure is detailed, so its input must be an object with any of params, query, "
    "headers (objects) and body"
)
_DETAILED_OUTPUT: Final = (
    "its output structure is detailed, so each output must be an object with any of status (one "
    "literal from 200 to 399), headers (an object) and body"
)
_ANYTHING: Final = (
    "its {} may be anything, so that a document says nothing of it; declare its type (or generate "
    "with allow_anything=True)"
)
_UPLOAD: Final = (
    "its input is an event iterator, which is a whole body: it needs a method with a body, a path "
    "without parameters and the compact input structure"
)
_WITHOUT_BODY: Final = ("GET", "HEAD")


def path_params(path: str) -> tuple[str, ...]:
    """The names of the parameters in a path pattern."""
    return tuple(_PATH_PARAM.findall(path))


class OperationWriter:
    """Describes procedures; the schemas they share go to the components."""

    def __init__(
        self, components: Components, failures: FailureWriter, *, allow_anything: bool
    ) -> None:
        self._components = components
        self._failures = failures
        self._allow_anything = allow_anything

    def write(
        self, definition: ProcedureDefinition, path: str, operation_id: str
    ) -> dict[str, Any]:
        """The operation object of a procedure.

        Raises:
            Undescribable: Its schemas do not fit its route.
        """
        route = definition.route
        operation: dict[str, Any] = {"operationId": route.operation_id or operation_id}
        operation |= {
            key: value
            for key, value in (
                ("summary", route.summary),
                ("description", route.description),
                ("deprecated", route.deprecated),
                ("tags", list(route.tags)),
            )
            if value
        }
        operation |= self._request(definition, path_params(path))
        parts = (self._successes(definition), self._failures.write(definition.errors))
        responses = {str(key): shown for part in parts for key, shown in part.items()}
        operation["responses"] = dict(sorted(responses.items()))
        return operation

    def _request(self, definition: ProcedureDefinition, params: Sequence[str]) -> dict[str, Any]:
        if definition.input is None:
            if params:
                raise Undescribable(_COMPACT_PARAMS.format(", ".join(params)))
            return {}
        if isinstance(definition.input, EventIteratorSchema):
            return self._upload(definition.route, definition.input, params)
        schema = self._described(definition.input, "input")
        if is_any(schema) and not params:
            return {}
        if definition.route.input_structure == "detailed":
            return self._detailed_request(schema, params)
        return self._compact_request(definition.route, schema, params)

    def _upload(
        self, route: Route, schema: EventIteratorSchema[Any, Any], params: Sequence[str]
    ) -> dict[str, Any]:
        is_compact = route.input_structure == "compact"
        if params or not is_compact or route.effective_method in _WITHOUT_BODY:
            raise Undescribable(_UPLOAD)
        return {"requestBody": {"required": True, "content": self._events(schema, "input")}}

    def _events(self, schema: EventIteratorSchema[Any, Any], mode: SchemaMode) -> dict[str, Any]:
        item = self._described(schema.item, mode)
        if schema.returns is None:
            return event_content(item, {})
        result = self._described(schema.returns, mode)
        required = () if accepts_null(self._components.resolve(result)) else ("data",)
        return event_content(item, result, *required)

    def _compact_request(
        self, route: Route, schema: JsonSchema, params: Sequence[str]
    ) -> dict[str, Any]:
        is_get = route.effective_method == "GET"
        listed: list[dict[str, Any]] = []
        required = not accepts_null(self._components.resolve(schema))
        has_body = not is_get
        if params or is_get:
            schema = self._merge(schema)
        if params:
            named, schema = self._split(schema, params)
            listed += parameters(named, "path", self._components)
            required = bool(schema.get("required"))
            has_body = has_body and (required or "properties" in schema)
        if is_get:
            if not is_object(schema):
                raise Undescribable(_COMPACT_QUERY.format(_shape(schema)))
            listed += parameters(schema, "query", self._components)
        request: dict[str, Any] = {"parameters": listed} if listed else {}
        if has_body:
            request["requestBody"] = self._body(schema, required=required)
        return request

    def _split(self, schema: JsonSchema, params: Sequence[str]) -> tuple[JsonSchema, JsonSchema]:
        if is_object(schema):
            named, rest = split_object(schema, params)
            if _requires_exactly(named, params):
                return named, rest
        raise Undescribable(_COMPACT_PARAMS.format(", ".join(params)))

    def _detailed_request(self, schema: JsonSchema, params: Sequence[str]) -> dict[str, Any]:
        schema = self._merge(schema)
        if not is_object(schema):
            raise Undescribable(_DETAILED_INPUT)
        parts: Mapping[str, JsonSchema] = schema.get("properties", {})
        if params and not _requires_exactly(self._merge(parts.get("params", {})), params):
            raise Undescribable(_COMPACT_PARAMS.format(", ".join(params)))
        request: dict[str, Any] = {}
        for name, location in (("params", "path"), ("query", "query"), ("headers", "header")):
            if name not in parts:
                continue
            part = self._merge(parts[name])
            if not is_object(part):
                raise Undescribable(_DETAILED_INPUT)
            request.setdefault("parameters", []).extend(
                parameters(part, location, self._components)
            )
        if "body" in parts:
            is_required = "body" in schema.get("required", ())
            request["requestBody"] = self._body(parts["body"], required=is_required)
        return request

    def _body(self, schema: JsonSchema, *, required: bool) -> dict[str, Any]:
        body: dict[str, Any] = {"required": True} if required else {}
        return {**body, "content": content(schema, self._components)}

    def _successes(self, definition: ProcedureDefinition) -> dict[int, Any]:
        route = definition.route
        response: dict[str, Any] = {"description": route.success_description}
        if definition.output is None:
            return {route.success_status: response}
        if definition.events is not None:
            response["content"] = self._events(definition.events, "output")
            return {route.success_status: response}
        schema = self._described(definition.output, "output")
        if route.output_structure == "detailed":
            return dict(self._detailed_responses(route, schema))
        response["content"] = (
            {JSON: {"schema": schema}} if is_any(schema) else content(schema, self._components)
        )
        return {route.success_status: response}

    def _detailed_responses(
        self, route: Route, schema: JsonSchema
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        seen: set[int] = set()
        for member in branches(self._components.resolve(schema)):
            merged = self._merge(member)
            if not is_object(merged):
                raise Undescribable(_DETAILED_OUTPUT)
            parts: Mapping[str, JsonSchema] = merged.get("properties", {})
            status, description = self._status(route, parts.get("status"))
            if status in seen:
                raise Undescribable(f"two of its outputs have the status {status}")
            seen.add(status)
            response: dict[str, Any] = {"description": description}
            if "headers" in parts:
                response["headers"] = self._response_headers(merged)
            if "body" in parts:
                response["content"] = content(parts["body"], self._components)
            yield status, response

    def _status(self, route: Route, schema: JsonSchema | None) -> tuple[int, str]:
        if schema is None:
            return route.success_status, route.success_description
        schema = self._components.resolve(schema)
        status = schema.get("const")
        if type(status) is not int or is_error_status(status):
            raise Undescribable(_DETAILED_OUTPUT)
        return status, schema.get("description", route.success_description)

    def _response_headers(self, output: JsonSchema) -> dict[str, Any]:
        schema = self._merge(output["properties"]["headers"])
        if not is_object(schema):
            raise Undescribable(_DETAILED_OUTPUT)
        present = "headers" in output.get("required", ())
        required = schema.get("required", ()) if present else ()
        return {
            name: {**({"required": True} if name in required else {}), "schema": item}
            for name, item in schema.get("properties", {}).items()
        }

    def _described(self, adapter: SchemaAdapter[Any], mode: SchemaMode) -> JsonSchema:
        schema = self._components.add(adapter, mode)
        if is_any(schema) and not self._allow_anything:
            raise Undescribable(_ANYTHING.format(mode))
        return schema

    def _merge(self, schema: JsonSchema) -> JsonSchema:
        return merge_objects(schema, self._components.resolve)


def _requires_exactly(schema: JsonSchema, names: Sequence[str]) -> bool:
    return set(schema.get("properties", {})) == set(schema.get("required", ())) == set(names)


def _shape(schema: JsonSchema) -> str:
    return str(schema.get("type") or ", ".join(sorted(schema)))
