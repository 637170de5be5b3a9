"""The short way of a call through a handler, for requests that ask for nothing unusual.

That is a whole JSON body sent to a procedure by the path almost all clients use, while no
plugin and no interceptor is around the call. One coroutine then does what the long way does
in many, with everything that can be known of a procedure worked out before.

It answers what succeeds, and handlers that fail. Whatever it cannot read it hands to the long
way as if nothing had happened, so that there is one place that says what is wrong.
"""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from rawr.procedure import Bare, Call, bare
from rawr.schema import UNDEFINED, DirectSchema, SchemaAdapter

from ._asgi import Receive, Scope, Send
from ._codec import Codec, JsonForm
from ._companion import ClientDisconnected, keep, while_connected
from ._log import log_departure
from ._operation import Operation
from ._reading import replay
from ._request import Match, Request
from ._response import BODY, START, WITHOUT_LENGTH, Headers, Response

_JSON_TYPE: Final = b"application/json"
_JSON_TYPES: Final = frozenset(
    {
        b"application/json;charset=utf-8",
        b"application/json; charset=utf-8",
    }
)
"""Other ways in which many clients say that a body is JSON; the long way knows them all."""
_UNUSUAL: Final = frozenset({b"content-disposition", b"last-event-id"})


def _headers(size: int) -> Headers:
    return (b"content-type", _JSON_TYPE), (b"content-length", b"%d" % size)


_HEADERS: Final = tuple(map(_headers, range(1024)))
"""The headers of bodies by their size, of the sizes that most have."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """An operation whose steps are known beforehand."""

    match: Match
    status: int
    read: Callable[[bytes], object]
    """The input of a body; fails, in whatever way, where the long way has to look at it."""
    invoke: Callable[[Any, Any], Coroutine[Any, Any, object]]
    """Starts the call with a context and an input."""
    write: Callable[[Any], bytes | Response]
    """The body of a result; a whole response where that is not all there is to say."""
    rewrite: Callable[[Any], bytes | Response]
    """The same with errors that say what is wrong, for when writing failed."""


class _Unreadable(Exception):
    """There is more to a request than a shortcut reads."""


Shortcuts: TypeAlias = dict[str, dict[bytes, Shortcut]]
"""By method, and by raw path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongWay:
    """What a handler does with any request, for what a shortcut leaves to it."""

    max_body_bytes: int
    enter: Callable[[Request], Awaitable[Any]]
    """Makes the context of a request."""
    resume: Callable[[Request, Any], Awaitable[Response]]
    """The response of a request whose context is made."""
    refuse: Callable[[Operation, Exception], Response]
    """The response that tells of a failed call."""
    finish: Callable[[Operation, Response, Receive, Send], Awaitable[None]]
    """Sends a response."""


def direct(  # noqa: C901 - see above, see below
    shortcuts: Shortcuts,
    context: Any,
    long_way: LongWay,
    serve: Callable[[Scope, Receive, Send], Awaitable[R]],
    answered: R,
) -> Callable[[Scope, Receive, Send], Coroutine[Any, Any, R]]:
    """Takes the shortcut of a request where there is one, and else serves it as before.

    `answered` is what `serve` gives for a request it has answered.
    """
    makes_context = callable(context)
    limit = long_way.max_body_bytes
    most_digits = len(str(limit)) - 1  # a shorter number is a smaller one

    # Behind a real server each further frame, warm or not, costs half a microsecond.
    async def exchange(scope: Scope, receive: Receive, send: Send) -> R:  # noqa: C901, PLR0912 - see above
        try:
            shortcut = shortcuts[scope["method"]].get(scope["raw_path"])
        except KeyError:  # no request, or an odd one, or a server that keeps no raw path
            shortcut = None
        if shortcut is None:
            return await serve(scope, receive, send)
        for name, value in scope["headers"]:
            if name == b"content-type":
                is_usual = value == _JSON_TYPE or value in _JSON_TYPES
            elif name == b"content-length":
                is_usual = len(value) <= most_digits
            else:
                is_usual = name not in _UNUSUAL
            if not is_usual:
                return await serve(scope, receive, send)
        own = context
        results: list[Any] = []
        content: bytes | Response
        try:
            if makes_context:
                request = Request(scope, receive, shortcut.match, context, limit)
                own = await long_way.enter(request)
                receive = request.receive_again()
            message = await receive()
            try:
                body = message["body"]
                if message["more_body"] or len(body) > limit:
                    raise _Unreadable  # noqa: TRY301 - as anything that reading may raise
                given = shortcut.read(body)
            except Exception:  # noqa: BLE001 - whatever it is, the long way meets it again
                request = Request(scope, replay(message, receive), shortcut.match, own, limit)
                content = await long_way.resume(request, own)
            else:
                steps = keep(results, shortcut.invoke(own, given))
                for signal in steps:
                    await while_connected(steps, signal, receive)
                    break
                content = shortcut.write(results[0])
        except ClientDisconnected:
            log_departure(shortcut.match[0])
            return answered
        except Exception as error:  # noqa: BLE001 - the boundary: every failure gets an answer
            content = _failed(shortcut, results, error, long_way)
        if not isinstance(content, bytes):
            await long_way.finish(shortcut.match[0], content, receive, send)
            return answered
        size = len(content)
        start = _HEADERS[size] if size < len(_HEADERS) else _headers(size)
        await send({"type": START, "status": shortcut.status, "headers": start})
        await send({"type": BODY, "body": content})
        return answered

    return exchange


def _failed(
    shortcut: Shortcut, results: list[Any], error: Exception, long_way: LongWay
) -> bytes | Response:
    """The answer to a call that failed or, if it has a result, to one that is hard to write."""
    try:
        return shortcut.rewrite(*results) if results else long_way.refuse(shortcut.match[0], error)
    except Exception as clearer:  # noqa: BLE001 - the boundary: every failure gets an answer
        return long_way.refuse(shortcut.match[0], clearer)


def make_shortcut(match: Match, codec: Codec) -> Shortcut | None:
    """The shortcut of an operation; None where something is around it, or it is not just JSON."""
    operation = match[0]
    form = codec.json_form(operation)
    if (
        form is None
        or form.status in WITHOUT_LENGTH
        or operation.procedure is not operation.place.procedure
    ):
        return None
    steps = bare(operation.place)
    if steps is None:
        return _around_pipeline(match, form)
    return _around_handler(match, form, steps)


def _around_pipeline(match: Match, form: JsonForm) -> Shortcut:
    operation = match[0]
    procedure, path, contract = operation.procedure, operation.path, operation.place.contract
    dump, encode = operation.dump, form.encode
    takes_nothing = contract.definition.input is None

    def take(value: object) -> object:
        if value is UNDEFINED and not takes_nothing:
            raise _Unreadable
        return value

    def invoke(context: Any, value: object) -> Coroutine[Any, Any, object]:
        return procedure(Call(path=path, contract=contract, context=context, input=value))

    def write(output: object) -> bytes | Response:
        return encode(dump(output))

    return Shortcut(
        match=match,
        status=form.status,
        read=form.reader(take),
        invoke=invoke,
        write=write,
        rewrite=write,
    )


def _around_handler(match: Match, form: JsonForm, steps: Bare) -> Shortcut:
    encode, dump, finish = form.encode, match[0].dump, steps.finish
    output: object = steps.output

    def rewrite(result: Any) -> bytes | Response:
        return encode(dump(finish(result)))

    return Shortcut(
        match=match,
        status=form.status,
        read=form.reader(_as_it_is if steps.input is None else _validator(steps.input)),
        invoke=steps.invoke,
        write=(
            output.writer(encode, form.record_writer)
            if isinstance(output, DirectSchema)
            else rewrite
        ),
        rewrite=rewrite,
    )


def _validator(schema: SchemaAdapter[Any]) -> Callable[[object], object]:
    return schema.validator() if isinstance(schema, DirectSchema) else schema.validate


def _as_it_is(value: object) -> object:
    return value
