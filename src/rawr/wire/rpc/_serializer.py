"""The serializer of RPC protocol v1: one value, one payload."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from rawr.schema import UNDEFINED, File, Json
from rawr.wire._errors import DecodeError, EncodeError
from rawr.wire._json import dump_json, load_json
from rawr.wire._values import FormData

from ._reader import make_converters, read
from ._types import CustomType, Payload, check_custom_types
from ._writer import Writer, make_writers

_FilesByIndex: TypeAlias = Callable[[int], File | str | None]


class RPCSerializer:
    """Turns Python values into RPC protocol v1 payloads and back.

    Stateless between calls and safe to share between threads. Custom types come before
    built-in ones.

    >>> RPCSerializer().encode({"n": 2**64})
    b'{"json":{"n":"18446744073709551616"},"meta":[[0,"n"]]}'
    """

    __slots__ = ("_converters", "_writers")

    def __init__(self, custom_types: Iterable[CustomType] = ()) -> None:
        types = tuple(custom_types)
        check_custom_types(types)
        self._writers = make_writers(types)
        self._converters = make_converters(types)

    def serialize(self, value: object) -> Payload:
        """The payload of a value without files: `{"json", "meta"}`, for `dump_json` to write.

        Raises:
            EncodeError: The value holds a file, or something that has no form on the wire.
        """
        payload, files = self._write(value)
        if files:
            raise EncodeError("A file cannot travel inside an event or a batch item; send it alone")
        return payload

    def serialize_body(self, value: object) -> Payload | FormData:
        """The standard body of a value: a payload, or a form where the value holds files.

        Raises:
            EncodeError: Something in the value has no form on the wire.
        """
        payload, files = self._write(value)
        if not files:
            return payload
        data = dump_json(payload).decode()
        blobs = [(str(index), file) for index, file in enumerate(files)]
        return FormData((("data", data), *blobs))

    def encode(self, value: object) -> bytes:
        """The payload of a value without files, as JSON; see `serialize`."""
        return dump_json(self.serialize(value))

    def deserialize(self, payload: Json, files: _FilesByIndex | None = None) -> object:
        """The value of a decoded payload, which is consumed.

        Whatever is no JSON object has no `json` and is `UNDEFINED`, as in JavaScript.

        Raises:
            DecodeError: The payload breaks the protocol.
        """
        if type(payload) is not dict:
            if payload is None:
                raise DecodeError("An RPC payload is an object, not null.")
            return UNDEFINED
        json = payload.get("json", UNDEFINED)
        meta = payload.get("meta")
        if meta is None and files is None:
            return json
        return read(json, meta, payload.get("maps"), files, self._converters)

    def deserialize_body(self, body: object) -> object:
        """The value of a standard body: a payload, a form of payload and files, or nothing.

        Raises:
            DecodeError: The body breaks the protocol.
        """
        if not isinstance(body, FormData):
            return self.deserialize(body)
        data = body.get("data")
        if not isinstance(data, str):
            raise DecodeError('A form needs a text field "data" with the RPC payload.')
        files = dict(reversed(body.entries))
        return self.deserialize(load_json(data), lambda index: files.get(str(index)))

    def decode(self, content: bytes | str) -> object:
        """The value of a JSON payload; no content at all is `UNDEFINED`.

        Raises:
            DecodeError: The content is no JSON, or breaks the protocol.
        """
        return self.deserialize(load_json(content)) if content else UNDEFINED

    def encode_item(self, value: object) -> bytes | None:
        """The data of an event whose item is this value; see `serialize`."""
        return self.encode(value)

    def decode_item(self, data: str | None) -> object:
        """The item of an event with this data; see `decode`."""
        return self.decode(data or "")

    def _write(self, value: object) -> tuple[Payload, list[File]]:
        if value is UNDEFINED:
            return {}, []
        writer = Writer(self._writers)
        try:
            payload: Payload = {"json": writer.write(value)}
        except RecursionError:
            raise EncodeError("The value nests too deep, or contains itself") from None
        if writer.meta:
            payload["meta"] = writer.meta
        if writer.maps:
            payload["maps"] = writer.maps
        return payload, writer.files
