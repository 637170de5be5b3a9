"""Choosing a link for each call."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from typing_extensions import override

from rawr.contract import Link, LinkCall


class DynamicLink(Link):
    """Sends each call through the link chosen for it.

    >>> import asyncio
    >>> near, far = make_link(), make_link()
    >>> link = DynamicLink(lambda call: near if call.path == ("count",) else far)
    >>> asyncio.run(create_client(Planets, link).count())
    8
    """

    def __init__(self, choose: Callable[[LinkCall], Link | Awaitable[Link]]) -> None:
        self._choose = choose

    @override
    async def call(self, call: LinkCall) -> Any:
        chosen = self._choose(call)
        link = await chosen if inspect.isawaitable(chosen) else chosen
        return await link.call(call)
