"""What functions attach to their runs and steps (Inngest wire, run metadata)."""

from collections.abc import Sequence

import msgspec

from rawr.durable.domain.errors import LimitExceeded
from rawr.durable.domain.limits import MAX_METADATA_BYTES, MAX_RUN_METADATA_BYTES
from rawr.durable.domain.op import MetadataUpdate


class Metadata(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Values of one kind on a run or on one of its steps.

    Attributes:
        step_id: The hashed id of the step; `None` for the run itself.
        values: A JSON object as text.
        updated_at: Milliseconds since the epoch.
    """

    step_id: str | None
    kind: str
    scope: str
    values: bytes
    updated_at: int


def fits(update: MetadataUpdate, *, others: int) -> bool:
    """True when a run that carries `others` bytes beside may carry the update."""
    size = len(update.values)
    return size <= MAX_METADATA_BYTES and size + others <= MAX_RUN_METADATA_BYTES


def check_room(
    updates: Sequence[MetadataUpdate], kept: Sequence[Metadata], *, step_id: str | None
) -> None:
    """Check that a run may carry some updates beside what it carries.

    Raises:
        LimitExceeded: it may not.
    """
    replaced = {update.kind for update in updates}
    others = sum(
        len(one.values) for one in kept if one.step_id != step_id or one.kind not in replaced
    )
    for update in updates:
        if not fits(update, others=others):
            raise LimitExceeded(
                f"metadata {update.kind!r} has {len(update.values)} bytes; one kind may have "
                f"{MAX_METADATA_BYTES}, and all of a run {MAX_RUN_METADATA_BYTES}"
            )
        others += len(update.values)
