"""Choosing a link for each call."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from typing_extensions import override

from rawr.contract import Link, LinkCall


class DynamicLink(Link):
    """Sends each call through the link chosen for it.

    >>> # DynamicLink(lambda call: cached if call.path[0] == "catalog" else direct)
    """

    def __init__(self, choose: Callable[[LinkCall], Link | Awaitable[Link]]) -> None:
        self._choose = choose

    @override
    async def call(self, call: LinkCall) -> Any:
        chosen = self._choose(call)
        link = await chosen if inspect.isawaitable(chosen) else chosen
        return await link.call(call)
