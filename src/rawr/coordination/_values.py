"""Turning callers' values into what a store keeps: JSON and points in time."""

from datetime import UTC, datetime, timedelta

import msgspec

from rawr.schema import Json, adapt

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_json(value: object) -> Json:
    """Return the JSON form of a model, or of a plain value, with wire names."""
    plain = value if isinstance(value, _PLAIN) else adapt(type(value)).dump(value)
    decoded: Json = msgspec.json.decode(msgspec.json.encode(plain, enc_hook=str))
    return decoded


def from_ms(milliseconds: int) -> datetime:
    """Return the point in time `milliseconds` after the epoch."""
    return _EPOCH + milliseconds * _MILLISECOND


def to_ms(moment: datetime) -> int:
    """Return the milliseconds from the epoch to `moment`."""
    return (moment - _EPOCH) // _MILLISECOND


_PLAIN = (type(None), bool, int, float, str, dict, list, tuple)
