"""Errors of the expression language.

EngineError
└── ExpressionError              with the position in the text
    ├── ExpressionSyntaxError    the text does not compile
    ├── ExpressionTypeError      an operation met values it is not defined for
    └── ExpressionLimitError     the text or its evaluation exceeds a bound
"""

from rawr.durable.domain.errors import EngineError


class ExpressionError(EngineError):
    """The expression is not valid.

    `position` is the 0-based offset in the text, or None where no single place is at fault.
    """

    code = "expression_invalid"
    status = 400

    def __init__(self, message: str, position: int | None = None) -> None:
        self.position = position
        where = "" if position is None else f" (at character {position + 1})"
        super().__init__(message + where)


class ExpressionSyntaxError(ExpressionError):
    """The expression does not compile; correct its text."""


class ExpressionTypeError(ExpressionError):
    """The expression applies an operation to values it is not defined for."""

    code = "expression_failed"


class ExpressionLimitError(ExpressionError):
    """The expression is too large, too deep or too costly; simplify it."""

    code = "expression_limit"
