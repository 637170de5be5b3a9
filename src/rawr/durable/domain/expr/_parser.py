"""Tokens to syntax tree: CEL's grammar by recursive descent, bounded in size and depth."""

from rawr.durable.domain.expr import _ast as ast
from rawr.durable.domain.expr._errors import ExpressionLimitError, ExpressionSyntaxError
from rawr.durable.domain.expr._lexer import KEYWORDS, RESERVED, Kind, Token, tokenize

MAX_LENGTH = 16_384
"""The longest expression, in characters."""

MAX_DEPTH = 48
"""How deep operators, calls and brackets may nest."""

_COMPREHENSIONS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_BINARY_LEVELS = (
    frozenset({"==", "!=", "<", "<=", ">", ">=", "in"}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
)
_INT_MIN_MAGNITUDE = 2**63
_PLAIN_MAP_ARGUMENTS = 2
_FILTERING_MAP_ARGUMENTS = 3


def parse(text: str) -> ast.Node:
    """Parse one expression.

    Raises:
        ExpressionSyntaxError: the text is not CEL.
        ExpressionLimitError: it is longer or deeper than allowed.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionLimitError(f"an expression may have at most {MAX_LENGTH} characters")
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._at = 0
        self._depth = 0

    def parse(self) -> ast.Node:
        node = self._expression()
        if self._peek.kind is not Kind.END:
            raise self._unexpected()
        return node

    @property
    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _advance(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _accept(self, *texts: str) -> Token | None:
        token = self._peek
        is_word = token.kind is Kind.NAME and token.text in KEYWORDS
        if (token.kind is Kind.OPERATOR or is_word) and token.text in texts:
            return self._advance()
        return None

    def _expect(self, text: str) -> Token:
        token = self._accept(text)
        if token is None:
            raise self._unexpected(f"; expected {text!r}")
        return token

    def _unexpected(self, hint: str = "") -> ExpressionSyntaxError:
        token = self._peek
        what = repr(token.text) if token.text else token.kind.value
        return ExpressionSyntaxError(f"unexpected {what}{hint}", token.position)

    def _deeper(self, levels: int = 1) -> None:
        self._depth += levels
        if self._depth > MAX_DEPTH:
            raise ExpressionLimitError(
                f"an expression may nest at most {MAX_DEPTH} deep", self._peek.position
            )

    def _expression(self) -> ast.Node:
        before = self._depth
        self._deeper()
        condition = self._logic("||")
        question = self._accept("?")
        if question is not None:
            yes = self._logic("||")
            self._expect(":")
            no = self._expression()
            condition = ast.Conditional(question.position, condition, yes, no)
        self._depth = before
        return condition

    def _logic(self, operator: str) -> ast.Node:
        first = self._logic("&&") if operator == "||" else self._binary(0)
        operands = [first]
        position = self._peek.position
        while self._accept(operator):
            operands.append(self._logic("&&") if operator == "||" else self._binary(0))
        return first if len(operands) == 1 else ast.Logic(position, operator, tuple(operands))

    def _binary(self, level: int) -> ast.Node:
        if level == len(_BINARY_LEVELS):
            return self._unary()
        before = self._depth
        left = self._binary(level + 1)
        while (operator := self._accept(*_BINARY_LEVELS[level])) is not None:
            self._deeper()
            right = self._binary(level + 1)
            left = ast.Binary(operator.position, operator.text, left, right)
        self._depth = before
        return left

    def _unary(self) -> ast.Node:
        before = self._depth
        signs: list[Token] = []
        while (sign := self._accept("!", "-")) is not None:
            self._deeper()
            if signs and signs[-1].text != sign.text:
                raise ExpressionSyntaxError("write parentheses between ! and -", sign.position)
            signs.append(sign)
        if signs and signs[-1].text == "-" and type(self._peek.value) in {int, float}:
            operand = self._negative_number(signs.pop())
        else:
            operand = self._member()
        for sign in reversed(signs):
            operand = ast.Unary(sign.position, sign.text, operand)
        self._depth = before
        return operand

    def _negative_number(self, sign: Token) -> ast.Node:
        token = self._advance()
        assert isinstance(token.value, int | float)
        return self._members(ast.Literal(sign.position, -token.value), sign.position)

    def _member(self) -> ast.Node:
        start = self._peek.position
        return self._members(self._primary(), start)

    def _members(self, node: ast.Node, start: int) -> ast.Node:
        while True:
            if self._accept("."):
                self._deeper()
                node = self._field_or_method(node, start)
            elif (bracket := self._accept("[")) is not None:
                self._deeper()
                key = self._expression()
                end = self._expect("]").position + 1
                node = ast.Index(bracket.position, node, key, start, end)
            else:
                return node

    def _field_or_method(self, receiver: ast.Node, start: int) -> ast.Node:
        token = self._peek
        if token.kind is not Kind.NAME or token.text in KEYWORDS:
            raise self._unexpected("; expected a field name, or use brackets")
        self._advance()
        if self._accept("(") is None:
            key = ast.Literal(token.position, token.text)
            end = token.position + len(token.text)
            return ast.Index(token.position, receiver, key, start, end)
        arguments = self._items(")")
        if token.text in _COMPREHENSIONS:
            return _comprehension(token, receiver, arguments)
        return ast.Call(token.position, token.text, (receiver, *arguments), is_method=True)

    def _primary(self) -> ast.Node:
        token = self._peek
        if token.kind is Kind.LITERAL:
            self._advance()
            if type(token.value) is int and token.value >= _INT_MIN_MAGNITUDE:
                raise ExpressionSyntaxError("the integer does not fit in 64 bits", token.position)
            return ast.Literal(token.position, token.value)
        if token.kind is Kind.NAME:
            return self._named(token)
        if self._accept("("):
            inner = self._expression()
            self._expect(")")
            return inner
        if self._accept("["):
            return ast.ListOf(token.position, self._items("]"))
        if self._accept("{"):
            return ast.MapOf(token.position, self._entries())
        raise self._unexpected()

    def _named(self, token: Token) -> ast.Node:
        if (word := self._accept("true", "false", "null")) is not None:
            constants = {"true": True, "false": False, "null": None}
            return ast.Literal(word.position, constants[word.text])
        if token.text in KEYWORDS or token.text in RESERVED:
            raise self._unexpected("; it is a reserved word")
        self._advance()
        if self._accept("(") is None:
            return ast.Name(token.position, token.text)
        arguments = self._items(")")
        if token.text == "has":
            return _has(token, arguments)
        return ast.Call(token.position, token.text, arguments, is_method=False)

    def _items(self, closing: str) -> tuple[ast.Node, ...]:
        items: list[ast.Node] = []
        while not self._accept(closing):
            items.append(self._expression())
            if not self._accept(","):
                self._expect(closing)
                break
            if closing == ")" and self._peek.text == ")":
                raise self._unexpected()
        return tuple(items)

    def _entries(self) -> tuple[tuple[ast.Node, ast.Node], ...]:
        entries: list[tuple[ast.Node, ast.Node]] = []
        while not self._accept("}"):
            key = self._expression()
            self._expect(":")
            entries.append((key, self._expression()))
            if not self._accept(","):
                self._expect("}")
                break
        return tuple(entries)


def _has(token: Token, arguments: tuple[ast.Node, ...]) -> ast.Node:
    match arguments:
        case (ast.Index(operand=operand, key=ast.Literal(value=str(field))),):
            return ast.Has(token.position, operand, field)
        case _:
            raise ExpressionSyntaxError(
                "has() takes one field selection, like has(event.data.id)", token.position
            )


def _comprehension(
    token: Token, target: ast.Node, arguments: tuple[ast.Node, ...]
) -> ast.Comprehension:
    filtering = token.text == "map" and len(arguments) == _FILTERING_MAP_ARGUMENTS
    if not arguments or not isinstance(arguments[0], ast.Name):
        raise ExpressionSyntaxError(f"{token.text}() takes a variable name first", token.position)
    if not filtering and len(arguments) != _PLAIN_MAP_ARGUMENTS:
        raise ExpressionSyntaxError(
            f"{token.text}() takes a variable and an expression", token.position
        )
    condition = arguments[1] if filtering else None
    return ast.Comprehension(
        token.position, token.text, target, arguments[0].name, condition, arguments[-1]
    )
