"""The expression language of triggers, waits, cancellations and flow-control keys.

CEL as the Inngest server speaks it: compiled once to closures, bounded in size, depth and cost.
"""

from rawr.durable.domain.expr._analysis import Constant, Equality, Path
from rawr.durable.domain.expr._errors import (
    ExpressionError,
    ExpressionLimitError,
    ExpressionSyntaxError,
    ExpressionTypeError,
)
from rawr.durable.domain.expr._expression import Expression, Policy, compile_expression, path_token
from rawr.durable.domain.expr._values import to_text

__all__ = [
    "Constant",
    "Equality",
    "Expression",
    "ExpressionError",
    "ExpressionLimitError",
    "ExpressionSyntaxError",
    "ExpressionTypeError",
    "Path",
    "Policy",
    "compile_expression",
    "path_token",
    "to_text",
]
