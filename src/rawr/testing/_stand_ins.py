"""Steps that stand in for others: settled before the function gets to them."""

import hashlib
from collections.abc import Mapping

from msgspec.structs import replace

from rawr.durable.domain.op import Response
from rawr.durable.engine.transport import Call, Journal, Transport


def hashed_step_id(step_id: str, index: int) -> str:
    """Return the id the protocol knows a step by; `index` tells apart those that share an id."""
    repeated = f"{step_id}:{index}" if index else step_id
    return hashlib.sha1(repeated.encode()).hexdigest()  # noqa: S324 - the protocol's hash


class StandingIn:
    """Calls functions over memos of the steps that stand in, as if those had been settled."""

    def __init__(self, transport: Transport, memos: Mapping[str, bytes]) -> None:
        self._transport = transport
        self._memos = memos

    async def call(self, call: Call, journal: Journal) -> Response:
        """Make the call."""
        state = call.state
        added = [step_id for step_id in self._memos if step_id not in state.memos]
        if added:
            memos = {**self._memos, **state.memos}
            state = replace(state, memos=memos, stack=(*state.stack, *added))
            call = replace(call, state=state)
        return await self._transport.call(call, journal)

    async def close(self) -> None:
        """Release what the transport holds."""
        await self._transport.close()
