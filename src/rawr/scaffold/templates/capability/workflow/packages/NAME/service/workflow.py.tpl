"""The import as the host's run store knows it."""

from typing import Final

from rawr.coordination import Lifecycle, Workflow

from packages.$name.domain.status import MOVES

IMPORT: Final = Workflow(
    capability="$name",
    name="import",
    lifecycle=Lifecycle(initial="queued", transitions=MOVES),
)
