"""Errors a caller may see.

ORPCError            any error with a code, a status and data
└── TypedError       one that a contract declares, with a data schema
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, Self, get_args, get_origin, overload

from typing_extensions import TypeVar, get_original_bases

from rawr.schema import UNDEFINED, SchemaAdapter, SchemaError, adapt, produced

D = TypeVar("D", default=object)

COMMON_ERRORS: Final[Mapping[str, tuple[int, str]]] = {
    "BAD_REQUEST": (400, "Bad Request"),
    "UNAUTHORIZED": (401, "Unauthorized"),
    "FORBIDDEN": (403, "Forbidden"),
    "NOT_FOUND": (404, "Not Found"),
    "METHOD_NOT_SUPPORTED": (405, "Method Not Supported"),
    "NOT_ACCEPTABLE": (406, "Not Acceptable"),
    "TIMEOUT": (408, "Request Timeout"),
    "CONFLICT": (409, "Conflict"),
    "PRECONDITION_FAILED": (412, "Precondition Failed"),
    "PAYLOAD_TOO_LARGE": (413, "Payload Too Large"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Unsupported Media Type"),
    "UNPROCESSABLE_CONTENT": (422, "Unprocessable Content"),
    "TOO_MANY_REQUESTS": (429, "Too Many Requests"),
    "CLIENT_CLOSED_REQUEST": (499, "Client Closed Request"),
    "INTERNAL_SERVER_ERROR": (500, "Internal Server Error"),
    "NOT_IMPLEMENTED": (501, "Not Implemented"),
    "BAD_GATEWAY": (502, "Bad Gateway"),
    "SERVICE_UNAVAILABLE": (503, "Service Unavailable"),
    "GATEWAY_TIMEOUT": (504, "Gateway Timeout"),
}
"""Status and message of the codes both ends know (RPC protocol v1, errors)."""

_FALLBACK_STATUS = 500


def _issues_of(data: object) -> str:
    """The issues in the data of a validation error, as `lines.0.sku: Field required; ...`."""
    issues = data.get("issues") if isinstance(data, Mapping) else None
    if not isinstance(issues, Sequence) or isinstance(issues, str):
        return ""
    told = (_told(issue) for issue in issues if isinstance(issue, Mapping))
    return "; ".join(one for one in told if one)


def _told(issue: Mapping[str, object]) -> str:
    path, message = issue.get("path"), issue.get("message")
    if not isinstance(message, str):
        return ""
    if not isinstance(path, Sequence) or isinstance(path, str) or not path:
        return message
    keys = (key.get("key") if isinstance(key, Mapping) else key for key in path)
    return f"{'.'.join(map(str, keys))}: {message}"


def is_error_status(status: int) -> bool:
    """True for every status that is not a success or a redirect."""
    return status < 200 or status >= 400  # noqa: PLR2004 - HTTP's own numbers


class ContractError(Exception):
    """A contract, or what implements it, was declared wrongly."""


class ORPCError(Exception, Generic[D]):
    """An error that crosses the wire as `{defined, code, status, message, data}`.

    Status and message default to those of the common code, else to 500 and the code.

    Raises:
        ContractError: The status is not an error status (below 200, or 400 and above).
    """

    code: str
    status: int
    message: str
    data: D
    defined: bool

    def __init__(
        self,
        code: str,
        *,
        status: int | None = None,
        message: str | None = None,
        data: Any = UNDEFINED,
        defined: bool = False,
    ) -> None:
        known_status, known_message = COMMON_ERRORS.get(code, (_FALLBACK_STATUS, code))
        self.code = code
        self.status = known_status if status is None else status
        self.message = message or known_message
        self.data = data
        self.defined = defined
        if not is_error_status(self.status):
            raise ContractError(f"{code}: {self.status} is not an error status; use 400 to 599")
        super().__init__(self.message)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, status={self.status}, data={self.data!r})"

    def __str__(self) -> str:
        """The message, with what a validation error names: logs and tracebacks show no data."""
        issues = _issues_of(self.data)
        return f"{self.message}: {issues}" if issues else self.message

    def dump_data(self) -> object:
        """The data as wire values; `UNDEFINED` where there is none."""
        return self.data


class TypedError(ORPCError[D]):
    """An error declared by a contract. Its docstring is its default message.

    >>> from rawr.schema import Schema
    >>> class RunRef(Schema):
    ...     run_id: str
    >>> class RunNotFound(TypedError[RunRef], code="RUN_NOT_FOUND", status=404):
    ...     "Run not found."
    >>> RunNotFound(RunRef(run_id="run-1")).message
    'Run not found.'
    """

    retryable: ClassVar[bool] = False
    data_schema: ClassVar[SchemaAdapter[Any] | None] = None
    default_message: ClassVar[str] = ""

    def __init_subclass__(
        cls,
        *,
        code: str | None = None,
        status: int | None = None,
        retryable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        if code is None:
            if not hasattr(cls, "code"):
                raise ContractError(
                    f'class {cls.__name__}(TypedError[...]) needs a class keyword code="..."'
                )
            if status is not None or retryable:
                raise ContractError(
                    f"{cls.__name__}: status and retryable go with a code; give it one of its own"
                )
            return
        known_status, known_message = COMMON_ERRORS.get(code, (_FALLBACK_STATUS, code))
        cls.code = code
        cls.status = known_status if status is None else status
        cls.retryable = retryable
        cls.default_message = _first_line(cls.__doc__) or known_message
        cls.data_schema = _data_schema(cls)
        if not is_error_status(cls.status):
            raise ContractError(f"{code}: {cls.status} is not an error status; use 400 to 599")

    @overload
    def __init__(self: "TypedError[None]", *, message: str | None = None) -> None: ...
    @overload
    def __init__(self, data: D, *, message: str | None = None) -> None: ...
    def __init__(self, data: Any = UNDEFINED, *, message: str | None = None) -> None:
        cls = type(self)
        super().__init__(
            cls.code,
            status=cls.status,
            message=message or cls.default_message,
            data=data if cls.data_schema is not None else UNDEFINED,
            defined=True,
        )

    def dump_data(self) -> object:
        """See `ORPCError.dump_data`."""
        if self.data_schema is None or self.data is UNDEFINED:
            return self.data
        return self.data_schema.dump(self.data)

    @classmethod
    def adopt(cls, error: ORPCError[Any]) -> Self | None:
        """This class's form of an equal error, or None if it is not one of this class.

        Code and status must agree and the data must fit the schema; that is what makes an
        error `defined` (RPC protocol v1, errors).
        """
        if (error.code, error.status) != (cls.code, cls.status):
            return None
        if isinstance(error, cls):
            return error
        data: Any = UNDEFINED
        if cls.data_schema is not None:
            try:
                data = produced(cls.data_schema)(error.data)
            except SchemaError:
                return None
        adopted = cls(data, message=error.message)
        adopted.__cause__ = error.__cause__
        return adopted


def _first_line(doc: str | None) -> str:
    return doc.strip().partition("\n")[0] if doc else ""


def _data_schema(cls: type[TypedError[Any]]) -> SchemaAdapter[Any] | None:
    for base in get_original_bases(cls):
        origin = get_origin(base)
        if isinstance(origin, type) and issubclass(origin, TypedError):
            (source,) = get_args(base)
            return None if source in (None, type(None)) else adapt(source)
    return cls.data_schema
