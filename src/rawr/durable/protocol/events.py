"""Events as callers send them (Inngest wire, event API)."""

from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec.structs import replace

from rawr.durable.domain.errors import EngineError, EventRejected, LimitExceeded
from rawr.durable.domain.event import EventDraft, Json, is_reserved
from rawr.durable.domain.limits import (
    MAX_EVENT_BYTES,
    MAX_EVENT_NAME,
    MAX_EVENT_TS,
    MAX_EVENTS_PER_REQUEST,
    MIN_EVENT_TS,
)
from rawr.durable.domain.sessions import sessions_of
from rawr.durable.protocol.forms import is_form, read_form
from rawr.durable.protocol.text import decode_lenient

_SHAPE: Final = (
    "Request body must contain an event object or an array of event objects, each with a name"
)


class _WireEvent(msgspec.Struct):
    name: str = ""
    data: dict[str, Json] | None = None
    id: str | None = None
    ts: int | float | None = None
    user: dict[str, Json] | None = None
    v: str | None = None
    meta: dict[str, Json] | None = None


_EVENT: Final = msgspec.json.Decoder(_WireEvent)
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEvents:
    """The events of a request up to the first that is refused, and why it is."""

    events: tuple[EventDraft, ...]
    error: EngineError | None = None


def parse_events(body: bytes, *, content_type: str = "application/json") -> ParsedEvents:
    """Read the body of a request to the event API: one event, an array of them, or a form.

    A form, as webhooks send it, is one event: its field `name` names the event, `id` may identify
    it, and every field is in its data, as the list of its values.
    """
    first = body.lstrip()[:1]
    if not first:
        return ParsedEvents(events=())
    if first not in b"[{" and is_form(content_type):
        return _form(body, content_type)
    try:
        items = [msgspec.Raw(body)] if first == b"{" else decode_lenient(_ITEMS.decode, body)
    except msgspec.MsgspecError:
        return ParsedEvents(events=(), error=EventRejected(_SHAPE))
    if len(items) > MAX_EVENTS_PER_REQUEST:
        error = LimitExceeded(
            f"{len(items)} events in one request; the limit is {MAX_EVENTS_PER_REQUEST}"
        )
        return ParsedEvents(events=(), error=error)
    return _parse_each(items)


def check_event(draft: EventDraft, *, size: int | None = None) -> EventDraft:
    """Return an event as it is accepted: valid, without what callers may not set.

    Raises:
        EventRejected: its name, its time or its sessions are not valid.
        LimitExceeded: it is too large.
    """
    if not draft.name:
        raise EventRejected("event name is empty")
    if len(draft.name) > MAX_EVENT_NAME:
        raise EventRejected(f"event name is longer than {MAX_EVENT_NAME} characters")
    if is_reserved(draft.name):
        raise EventRejected(f"event name is reserved for internal use: {draft.name}")
    if draft.ts is not None and not MIN_EVENT_TS <= draft.ts < MAX_EVENT_TS:
        raise EventRejected(f"event ts {draft.ts} is not in milliseconds since 1970-01-01")
    if size is not None and size > MAX_EVENT_BYTES:
        raise LimitExceeded(f"event has {size} bytes; the limit is {MAX_EVENT_BYTES}")
    sessions_of(draft.meta)
    if "_inngest" not in draft.data:
        return draft
    data = {key: value for key, value in draft.data.items() if key != "_inngest"}
    return replace(draft, data=data)


def _parse_each(items: list[msgspec.Raw]) -> ParsedEvents:
    events: list[EventDraft] = []
    for item in items:
        text = bytes(item)
        try:
            draft = _to_draft(decode_lenient(_EVENT.decode, text))
            events.append(check_event(draft, size=len(text)))
        except (msgspec.MsgspecError, RecursionError) as error:
            refused = EventRejected(f"{_SHAPE} ({error})")
            return ParsedEvents(events=tuple(events), error=refused)
        except EngineError as error:
            return ParsedEvents(events=tuple(events), error=error)
    return ParsedEvents(events=tuple(events))


def _to_draft(wire: _WireEvent) -> EventDraft:
    return EventDraft(
        name=wire.name,
        data=wire.data or {},
        id=wire.id or None,
        ts=int(wire.ts) if wire.ts else None,
        user=wire.user,
        v=wire.v,
        meta=wire.meta,
    )


def _form(body: bytes, content_type: str) -> ParsedEvents:
    try:
        fields = read_form(body, content_type)
        draft = EventDraft(
            name=_first(fields, "name"), data=fields, id=_first(fields, "id") or None
        )
        return ParsedEvents(events=(check_event(draft, size=len(body)),))
    except EngineError as error:
        return ParsedEvents(events=(), error=error)


def _first(fields: dict[str, list[str]], name: str) -> str:
    values = fields.get(name)
    return values[0] if values else ""
