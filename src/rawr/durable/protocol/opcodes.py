"""Operations as SDKs send them (Inngest wire, opcodes)."""

from collections.abc import Iterable
from typing import Final

import msgspec

from rawr.durable.domain.errors import ResponseRejected, TooManyOperations, UnknownOpcode
from rawr.durable.domain.event import Json
from rawr.durable.domain.limits import MAX_OPS_PER_RESPONSE
from rawr.durable.domain.op import MetadataUpdate, Op, Opcode, RunError
from rawr.durable.protocol.text import check_json, decode_lenient

_ABSENT: Final = msgspec.Raw(b"")
_KNOWN: Final = {opcode.value: opcode for opcode in Opcode}
_WITHOUT_ID: Final = frozenset(
    {Opcode.NONE, Opcode.RUN_COMPLETE, Opcode.SYNC_RUN_COMPLETE, Opcode.DISCOVERY}
)


class WireError(msgspec.Struct):
    """An error inside an operation or as the body of a failed call."""

    name: str | None = None
    message: str | None = None
    stack: str | None = None
    cause: Json = None
    no_retry: bool | None = msgspec.field(default=None, name="noRetry")


class WireMetadata(msgspec.Struct):
    """Metadata an operation carries; every way of combining it replaces what was there."""

    kind: str
    values: dict[str, Json]
    scope: str | None = None


class WireOp(msgspec.Struct):
    """One operation; fields that are not named here are ignored."""

    op: str
    id: str = ""
    name: str | None = None
    display_name: str | None = msgspec.field(default=None, name="displayName")
    opts: dict[str, Json] | None = None
    data: msgspec.Raw = _ABSENT
    error: WireError | None = None
    metadata: list[WireMetadata] | None = None


_OPS: Final = msgspec.json.Decoder(list[WireOp])
_OP: Final = msgspec.json.Decoder(WireOp)


def parse_ops(body: bytes, *, no_retry: bool = False) -> tuple[Op, ...]:
    """Read the body of a 206 answer, or the steps of a checkpoint: an array or one operation.

    `no_retry` is the verdict of the answer's header, which counts for all its errors.

    Raises:
        ResponseRejected: the body is not made of operations the engine knows, or has too many.
    """
    try:
        wire = decode_lenient(_decode_ops, body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ResponseRejected(
            f"The SDK's operations cannot be read ({error}); update the SDK"
        ) from error
    return ops_from_wire(wire, no_retry=no_retry)


def _decode_ops(body: bytes) -> list[WireOp]:
    wire = [_OP.decode(body)] if body.lstrip()[:1] == b"{" else _OPS.decode(body)
    for op in wire:
        if op.data:
            check_json(op.data)
    return wire


def ops_from_wire(wire: Iterable[WireOp], *, no_retry: bool = False) -> tuple[Op, ...]:
    """Turn decoded operations into the domain's.

    Raises:
        UnknownOpcode: an operation is unknown.
        TooManyOperations: there are too many.
        ResponseRejected: an operation has no step id.
    """
    ops = tuple(_to_op(op, no_retry=no_retry) for op in wire)
    if len(ops) > MAX_OPS_PER_RESPONSE:
        raise TooManyOperations(
            f"The function has {len(ops)} parallel steps at once; the limit is "
            f"{MAX_OPS_PER_RESPONSE}, run them in groups"
        )
    return ops


def to_run_error(error: WireError | None) -> RunError | None:
    """Turn a decoded error into the domain's, with a name and a message in any case."""
    if error is None:
        return None
    return RunError(
        name=error.name or "Error",
        message=error.message or "",
        stack=error.stack,
        cause=error.cause,
    )


def _to_op(wire: WireOp, *, no_retry: bool) -> Op:
    opcode = _KNOWN.get(wire.op)
    if opcode is None:
        raise UnknownOpcode(
            f"The SDK reported the operation {wire.op!r}, which this engine does not know; "
            "use an SDK release it supports, or update the engine"
        )
    if not wire.id and opcode not in _WITHOUT_ID:
        raise ResponseRejected(f"The SDK reported a {wire.op} operation without a step id")
    data = bytes(wire.data)
    return Op(
        op=opcode,
        id=wire.id,
        name=wire.name or "",
        display_name=wire.display_name or "",
        opts=wire.opts or {},
        data=data or None,
        error=to_run_error(wire.error),
        no_retry=no_retry or bool(wire.error is not None and wire.error.no_retry),
        metadata=() if wire.metadata is None else tuple(map(to_metadata, wire.metadata)),
    )


def to_metadata(wire: WireMetadata, *, scope: str = "step") -> MetadataUpdate:
    """Turn decoded metadata into the domain's; `scope` counts where it names none."""
    return MetadataUpdate(
        kind=wire.kind, scope=wire.scope or scope, values=msgspec.json.encode(wire.values)
    )
