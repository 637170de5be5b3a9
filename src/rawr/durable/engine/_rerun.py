"""What a repeated run keeps of the run it repeats."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from rawr.durable.domain.errors import RerunRejected, StepNotFound
from rawr.durable.domain.event import Json
from rawr.durable.domain.function import App, FunctionConfig
from rawr.durable.domain.op import Opcode
from rawr.durable.domain.step import StepRecord, StepStatus
from rawr.durable.engine._transports import IN_PROCESS

#: SDKs that give a step the arguments a call sends for it (Inngest wire, call request).
_TAKES_INPUT: Final = ("js:", "inngest-js")


def kept_steps(
    steps: Sequence[StepRecord], from_step: str | None, input_: bytes | None = None
) -> list[StepRecord]:
    """Return the steps, in stack order, that were settled before `from_step`; none without one.

    With an input the step itself is among them, not executed yet.

    Raises:
        StepNotFound: no step has this id.
    """
    if from_step is None:
        return []
    target = next((step for step in steps if step.id == from_step), None)
    if target is None:
        raise StepNotFound(f"The run has no step with the id {from_step}")
    kept = [step for step in steps if step.position is not None]
    if target.position is not None:
        kept = kept[: kept.index(target)]
    if input_ is not None:
        kept.append(_awaiting(target, input_))
    return kept


def arguments(
    input_: Json, from_step: str | None, function: FunctionConfig, app: App | None
) -> bytes:
    """Return a step's input as the JSON array of its arguments.

    Raises:
        RerunRejected: no step is named, or the function's SDK cannot replace arguments.
    """
    if from_step is None:
        raise RerunRejected("An input replaces a step's arguments; name the step to begin at")
    in_process = urlsplit(function.url).scheme == IN_PROCESS
    if not in_process and (app is None or not app.sdk.startswith(_TAKES_INPUT)):
        raise RerunRejected(
            "The SDK of this function cannot replace a step's arguments over HTTP; "
            "rerun without input, or serve the function in the engine's process"
        )
    try:
        return msgspec.json.encode(input_ if isinstance(input_, list) else [input_])
    except (TypeError, ValueError, RecursionError) as error:
        raise RerunRejected(f"The input is not JSON: {error}") from error


def _awaiting(step: StepRecord, input_: bytes) -> StepRecord:
    return StepRecord(
        id=step.id,
        # What the SDK will report it as is not known yet.
        op=Opcode.NONE,
        name=step.name,
        status=StepStatus.OPEN,
        started_at=step.started_at,
        input=input_,
    )
