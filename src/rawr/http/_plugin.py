"""Plugins: concerns put around every request of a handler, from the outside in.

Each layer below is optional for a plugin. Within a layer, plugins stand by their `order`,
the highest outermost; between the layers, an earlier one is always further out.

    around_exchange   the whole HTTP exchange under the handler's prefix, matched or not
    around_matcher    how the procedure is found
    around_response   a matched request and its response; failures are responses already
    around_call       the same, with failures as exceptions; then the handler's interceptors
    around_codec      how requests are read and answers written
    around_procedure  the procedure with its decoded input, just before it is validated
    around_steps      validations, middleware and handler inside the procedure

Items of a batch and calls of a websocket go through all but the first layer, each of its own.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from rawr.contract import ORPCError
from rawr.procedure import Next, Observe

from ._asgi import Receive, Scope, Send
from ._codec import Codec, Matcher
from ._request import Match, Request
from ._response import Response

Respond: TypeAlias = Callable[[Request], Awaitable[Response]]
"""What is further inside a handler: gives the response of a matched request."""

Interceptor: TypeAlias = Callable[[Request, Respond], Awaitable[Response]]
"""Wraps a matched request, from context to encoding: `async def timed(request, next): ...`.

Failures pass through it as exceptions, before they are encoded.
"""

Exchange: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[bool]]
"""Answers an HTTP request under the handler's prefix; False means: not matched, nothing sent."""

Deliver: TypeAlias = Callable[[Response, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A handler at one prefix with one context, as plugins and websockets use it."""

    prefix: str
    context: object
    """The context, or the factory that makes it."""
    max_body_bytes: int
    codec: Codec
    matcher: Matcher
    answer: Respond
    """Gives the response of a matched request, failures encoded."""
    deliver: Deliver
    """Sends a response while watching for the client to leave."""

    def find(self, method: str, raw_path: bytes) -> Match | None:
        """The operation a method and a raw path lead to."""
        return self.matcher.match(method, raw_path)

    def refuse(self, error: ORPCError[Any]) -> Response:
        """The response of an error, in the handler's protocol."""
        return self.codec.encode_error(error)


class Plugin:
    """One concern of a handler; override the layers it needs."""

    order: ClassVar[int] = 0

    def around_exchange(self, exchange: Exchange, mount: Mount) -> Exchange:  # noqa: ARG002 - for those who override it
        """Wrap whole HTTP exchanges; asked once per mount."""
        return exchange

    def around_matcher(self, matcher: Matcher) -> Matcher:
        """Wrap how procedures are found; asked once per mount."""
        return matcher

    def around_response(self, respond: Respond) -> Respond:
        """Wrap matched requests whose failures are responses."""
        return respond

    def around_call(self, respond: Respond) -> Respond:
        """Wrap matched requests whose failures are exceptions."""
        return respond

    def around_codec(self, codec: Codec) -> Codec:
        """Wrap the handler's codec."""
        return codec

    def around_procedure(self, procedure: Next[Any]) -> Next[Any]:
        """Wrap a procedure; asked once for each one."""
        return procedure

    def around_steps(self) -> Observe | None:
        """What to enter around each step inside procedures; see `Observe` for their names."""
        return None


def innermost_first(plugins: Iterable[Plugin]) -> tuple[Plugin, ...]:
    """Plugins in the order in which they wrap; of equal ones, the first given is outermost."""
    outermost_first = sorted(plugins, key=lambda plugin: -plugin.order)
    return tuple(reversed(outermost_first))


def observe_all(plugins: Iterable[Plugin]) -> Observe | None:
    """What all plugins enter around steps, in the order in which they wrap."""
    given = [plugin.around_steps() for plugin in plugins]
    observers = [observer for observer in given if observer is not None]
    if len(observers) <= 1:
        return observers[0] if observers else None

    @contextmanager
    def observe(name: str, attributes: Mapping[str, str | int]) -> Iterator[None]:
        with ExitStack() as entered:
            for observer in reversed(observers):
                entered.enter_context(observer(name, attributes))
            yield

    return observe


def compose(interceptors: Sequence[Interceptor], core: Respond) -> Respond:
    """The onion of interceptors, the first one outermost."""
    for interceptor in reversed(interceptors):
        core = _wrap(interceptor, core)
    return core


def _wrap(interceptor: Interceptor, inner: Respond) -> Respond:
    def wrapped(request: Request) -> Awaitable[Response]:
        return interceptor(request, inner)

    return wrapped
