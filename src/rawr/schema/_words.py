"""What is wrong with an input, in words that its sender knows: those of JSON, not of Python."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_OBJECT: Final = "Input should be an object"
_ARRAY: Final = "Input should be an array"

_BY_CODE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bytes_type": "Input should be a string or binary data",
        "dataclass_exact_type": _OBJECT,
        "dataclass_type": _OBJECT,
        "date_from_datetime_inexact": "Input should be a date without a time of day",
        "decimal_parsing": "Input should be a decimal number",
        "decimal_type": "Input should be a decimal number",
        "dict_type": _OBJECT,
        "frozen_set_type": _ARRAY,
        "iterable_type": _ARRAY,
        "list_type": _ARRAY,
        "mapping_type": _OBJECT,
        "model_attributes_type": _OBJECT,
        "model_type": _OBJECT,
        "none_required": "Input should be null",
        "set_type": _ARRAY,
        "tuple_type": _ARRAY,
        "url_type": "Input should be a URL, as a string",
        "uuid_type": "Input should be a UUID, as a string",
    }
)
"""For kinds of error that pydantic tells in Python's words."""

_REPLACED: Final = (
    ("Input should be an instance of File", "Input should be a file"),
    ("Input should be an instance of RegExp", "Input should be a regular expression"),
    ("List should have", "Array should have"),
    ("Set should have", "Array should have"),
    ("Frozenset should have", "Array should have"),
    ("Tuple should have", "Array should have"),
    ("Dictionary should have", "Object should have"),
    ("Input should be a valid timedelta", "Input should be a valid duration"),
    # What a validator of the author's own says stands for itself.
    ("Value error, ", ""),
    ("Assertion failed, ", ""),
)
"""Beginnings, and what is said in their place."""


def in_json_words(code: str, message: str) -> str:
    """The message of an error of pydantic's, as a caller on the wire understands it."""
    said = _BY_CODE.get(code)
    if said is not None:
        return said
    for python, plain in _REPLACED:
        if message.startswith(python):
            return plain + message.removeprefix(python)
    return message
