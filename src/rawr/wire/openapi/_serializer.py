"""The serializer of the OpenAPI protocol: plain JSON, forms and files."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from rawr.schema import UNDEFINED, File, Json
from rawr.wire._errors import EncodeError
from rawr.wire._json import dump_json, format_number, load_json
from rawr.wire._values import FormData, URLSearchParams

from ._brackets import MAX_ARRAY_INDEX, flatten, unflatten
from ._jsonify import CustomJson, Jsonifier, make_writers


class OpenAPISerializer:
    """Turns Python values into plain JSON, forms, query strings and files, and back.

    Stateless between calls and safe to share between threads. JSON keeps no types: what
    comes back is text where a date went out, and a schema has to tell. `keyed_as_objects`
    writes every `KeyedDict` as an object, as documents describe inputs.
    """

    __slots__ = ("_max_array_index", "_writers")

    def __init__(
        self,
        custom_types: Iterable[CustomJson] = (),
        *,
        max_array_index: int = MAX_ARRAY_INDEX,
        keyed_as_objects: bool = False,
    ) -> None:
        self._writers = make_writers(custom_types, keyed_as_objects=keyed_as_objects)
        self._max_array_index = max_array_index

    def serialize(self, value: object) -> Json:
        """The plain JSON tree of a value without files; `UNDEFINED` stays itself.

        Raises:
            EncodeError: The value holds a file, or something that has no form on the wire.
        """
        jsonifier = Jsonifier(self._writers)
        tree = jsonifier.jsonify(value)
        if jsonifier.has_file:
            raise EncodeError("A file cannot travel inside an event or an error; send it alone")
        return tree

    def serialize_body(self, value: object) -> Json | FormData | File:
        """The standard body of a value: JSON, a file, a form where files nest, or `UNDEFINED`.

        Raises:
            EncodeError: Something in the value has no form on the wire.
        """
        jsonifier = Jsonifier(self._writers)
        tree = jsonifier.jsonify(value)
        if not jsonifier.has_file or isinstance(tree, File):
            return tree
        return FormData.of(_fields(tree, with_files=True))

    def serialize_query(self, value: object) -> URLSearchParams:
        """The query parameters of a value; null, `UNDEFINED` and files are left out.

        Raises:
            EncodeError: Something in the value has no form on the wire.
        """
        tree = Jsonifier(self._writers).jsonify(value)
        return URLSearchParams(tuple((name, str(text)) for name, text in _fields(tree)))

    def encode(self, value: object) -> bytes:
        """The JSON of a value without files; nothing at all for `UNDEFINED`.

        Raises:
            EncodeError: The value holds a file, or something that has no form on the wire.
        """
        tree = self.serialize(value)
        return b"" if tree is UNDEFINED else dump_json(tree)

    def deserialize_body(self, body: object) -> Any:
        """The value of a standard body: forms are unflattened, the rest is what it is.

        Raises:
            DecodeError: A form breaks the limits of bracket notation.
        """
        if isinstance(body, FormData | URLSearchParams):
            return unflatten(body.entries, max_array_index=self._max_array_index)
        return body

    def decode(self, content: bytes | str) -> Json:
        """The value of a JSON body; no content at all is `UNDEFINED`.

        Raises:
            DecodeError: The content is not JSON.
        """
        return load_json(content) if content else UNDEFINED

    def encode_item(self, value: object) -> bytes | None:
        """The data of an event whose item is this value; None for `UNDEFINED`."""
        return self.encode(value) or None

    def decode_item(self, data: str | None) -> object:
        """The item of an event with this data; see `decode`."""
        return self.decode(data or "")


def _fields(tree: Json, *, with_files: bool = False) -> Iterator[tuple[str, str | File]]:
    """The leaves a form can carry, as text; null has no text and is left out."""
    for name, leaf in flatten(tree):
        if isinstance(leaf, str):
            yield name, leaf
        elif isinstance(leaf, bool):
            yield name, "true" if leaf else "false"
        elif isinstance(leaf, int):
            yield name, str(leaf)
        elif isinstance(leaf, float):
            yield name, format_number(leaf)
        elif isinstance(leaf, msgspec.Raw):
            yield name, bytes(leaf).decode()
        elif with_files and isinstance(leaf, File):
            yield name, leaf
