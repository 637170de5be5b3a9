"""What a repeated run keeps of the run it repeats."""

from collections.abc import Sequence

from rawr.durable.domain.errors import StepNotFound
from rawr.durable.domain.step import StepRecord


def kept_steps(steps: Sequence[StepRecord], from_step: str | None) -> list[StepRecord]:
    """Return the steps, in stack order, that were settled before `from_step`; none without one.

    Raises:
        StepNotFound: no step has this id.
    """
    if from_step is None:
        return []
    target = next((step for step in steps if step.id == from_step), None)
    if target is None:
        raise StepNotFound(f"The run has no step with the id {from_step}")
    settled = [step for step in steps if step.position is not None]
    if target.position is None:
        return settled
    return settled[: settled.index(target)]
