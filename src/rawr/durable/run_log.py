"""What goes wrong in runs, as log lines: attempts that failed, and runs that did."""

import logging
from typing import Final

import msgspec

from rawr.durable.domain.run import Run, RunStatus
from rawr.durable.domain.step import StepRecord, StepStatus

logger: Final = logging.getLogger("rawr.runs")


class _Told(msgspec.Struct):
    """An error as functions report it; some SDKs leave parts out."""

    name: str = "Error"
    message: str = ""
    stack: str = ""


class RunLog:
    """A `RunListener` that logs what failed, with the traceback that the function reported."""

    def stepped(self, run: Run, step: StepRecord) -> None:
        """Log an attempt that failed."""
        if step.error is None or step.status not in (StepStatus.ERRORED, StepStatus.FAILED):
            return
        is_last = step.status is StepStatus.FAILED
        logger.warning(
            "Step %s of %s failed, attempt %d of %d%s: %s",
            step.name,
            run.function_id,
            step.attempts,
            run.max_attempts,
            ", the last" if is_last else "",
            _text(step.error),
            extra={"action": "step.failed", "run_id": run.id, "function_id": run.function_id},
        )

    def ended(self, run: Run, status: RunStatus, output: bytes | None) -> None:
        """Log a run that failed."""
        if status is not RunStatus.FAILED:
            return
        logger.error(
            "Run %s of %s failed: %s",
            run.id,
            run.function_id,
            _text(output),
            extra={"action": "run.failed", "run_id": run.id, "function_id": run.function_id},
        )


def _text(error: bytes | None) -> str:
    """The traceback if there is one, else name and message, else what there is."""
    if error is None:
        return "no reason given"
    try:
        told = msgspec.json.decode(error, type=_Told)
    except msgspec.DecodeError:
        return error.decode(errors="replace")
    summary = f"{told.name}: {told.message}"
    return f"{summary}\n{told.stack.rstrip()}" if told.stack else summary
