"""Sessions: what events carry to group their runs, and pass on (Inngest wire, event meta)."""

from collections.abc import Iterator, Mapping

from rawr.durable.domain.errors import EventRejected
from rawr.durable.domain.event import Json
from rawr.durable.domain.limits import MAX_SESSION_ID_BYTES, MAX_SESSION_KEY_BYTES, MAX_SESSIONS


def sessions_of(meta: Mapping[str, Json] | None) -> dict[str, str]:
    """Return the sessions of an event: what was passed on to it, changed by what it names itself.

    A `null` of its own takes a session away that was passed on, or all of them.

    Raises:
        EventRejected: they are not sessions, or too many or too long.
    """
    if not meta:
        return {}
    passed_on = dict(_layer(meta.get("propagated_sessions")))
    own = meta.get("sessions", {})
    merged = {} if own is None else {**passed_on, **dict(_layer(own))}
    sessions = {key: value for key, value in merged.items() if value is not None}
    if len(sessions) > MAX_SESSIONS:
        raise EventRejected(f"event meta: at most {MAX_SESSIONS} sessions")
    return sessions


def _layer(given: Json) -> Iterator[tuple[str, str | None]]:
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise EventRejected("event meta: sessions must be an object")
    for key, value in given.items():
        if not 0 < len(key.encode()) <= MAX_SESSION_KEY_BYTES:
            raise EventRejected(f"event meta: a session key has 1 to {MAX_SESSION_KEY_BYTES} bytes")
        yield key, None if value is None else _id(value)


def _id(value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise EventRejected("event meta: a session id must be a string or a number")
    text = str(value)
    if not 0 < len(text.encode()) <= MAX_SESSION_ID_BYTES:
        raise EventRejected(f"event meta: a session id has 1 to {MAX_SESSION_ID_BYTES} bytes")
    return text
