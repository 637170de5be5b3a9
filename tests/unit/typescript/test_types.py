"""Schemas become types."""

from typing import Any

import pytest

from rawr.typescript._types import TypeWriter

CASES: list[tuple[Any, str]] = [
    ({}, "unknown"),
    (True, "unknown"),
    (False, "never"),
    ({"type": "string"}, "string"),
    ({"type": "string", "format": "date-time"}, "Date"),
    ({"type": "string", "format": "date"}, "string"),
    ({"type": "string", "format": "uri"}, "URL"),
    ({"type": "string", "x-native-type": "bigint"}, "bigint"),
    ({"type": "string", "contentMediaType": "image/png"}, "Blob"),
    ({"type": ["string", "null"]}, "string | null"),
    ({"const": "it's"}, "'it\\'s'"),
    ({"enum": [1, "a", None, True]}, "1 | 'a' | null | true"),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
    ({"anyOf": [{"type": "string"}, {"type": "string", "format": "uuid"}]}, "string"),
    ({"allOf": [{"type": "string"}, {"enum": ["a", "b"]}]}, "string & ('a' | 'b')"),
    ({"type": "array"}, "unknown[]"),
    ({"type": "array", "items": {"type": ["string", "null"]}}, "Array<string | null>"),
    ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "Set<string>"),
    ({"type": "array", "prefixItems": [{"type": "string"}]}, "[string]"),
    (
        {"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "number"}},
        "[string, ...number[]]",
    ),
    ({"type": "object"}, "Record<string, unknown>"),
    ({"type": "object", "properties": {}}, "Record<string, never>"),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, "Record<string, number>"),
    (
        {
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "propertyNames": {"enum": ["a", "b"]},
        },
        "Partial<Record<'a' | 'b', number>>",
    ),
    (
        {"type": "object", "properties": {"a-b": {}, "c": {}}, "required": ["c"]},
        "{ 'a-b'?: unknown; c: unknown }",
    ),
    (
        {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": True},
        "{ a?: string; [name: string]: unknown }",
    ),
    (
        {"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, {"not": {}}]}}},
        "{ a?: string }",
    ),
    ({"not": {}}, "undefined"),
    ({"required": ["a"]}, "{ a: unknown }"),
    ({"type": "object", "patternProperties": {"^x": {"type": "string"}}}, "Record<string, string>"),
    ({"description": "no more than words"}, "unknown"),
]


@pytest.mark.parametrize(("schema", "expected"), CASES)
def test_a_schema_is_written_as_its_type(schema: Any, expected: str) -> None:
    assert TypeWriter().write(schema) == expected


def test_what_is_optional_may_lack_even_if_it_is_required_by_name() -> None:
    absent = {"anyOf": [{"type": "string"}, {"not": {}}]}
    schema = {"type": "object", "properties": {"a": absent}, "required": ["a"]}
    assert TypeWriter().write(schema) == "{ a?: string }"


def test_comments_tell_description_default_and_deprecation() -> None:
    schema = {
        "type": "object",
        "description": "A thing.\n\nIt ends here: */",
        "properties": {"n": {"type": "integer", "default": 3, "deprecated": True}},
    }
    assert TypeWriter().declaration("Thing", schema) == (
        "/**\n * A thing.\n *\n * It ends here: *\\/\n */\n"
        "export type Thing = {\n  /**\n   * @default 3\n   * @deprecated\n   */\n  n?: number\n}\n"
    )


def test_unions_of_literals_take_the_name_they_have() -> None:
    writer = TypeWriter({"'a' | 'b'": "State"}.get)
    assert writer.write({"type": "array", "items": {"enum": ["a", "b"]}}) == "State[]"
