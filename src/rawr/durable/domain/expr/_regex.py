"""Regular expressions in linear time, for ``matches``: RE2's syntax without Unicode classes.

Python's `re` backtracks, so that a pattern and a hostile event could stop the engine for hours.
A pattern is compiled to a nondeterministic automaton here and all its states advance together
(Thompson's construction): the work is at most text length times pattern size, whatever they are.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

MAX_STATES = 10_000
"""How large a pattern may be once its repetitions are written out."""

_MAX_REPEAT = 1_000
_MAX_NESTING = 50

_Test: TypeAlias = Callable[[str], bool]


class PatternError(ValueError):
    """The pattern is not in the supported syntax, or too large."""


@dataclass(slots=True)
class _State:
    """Consumes a character that passes `test`, or passes on for free where `guard` allows."""

    test: _Test | None = None
    guard: str | None = None
    out: "list[_State] | None" = None


@dataclass(frozen=True, slots=True)
class _Fragment:
    start: _State
    end: _State


class Pattern:
    """A compiled pattern."""

    def __init__(self, start: _State, end: _State) -> None:
        self._start = start
        self._end = end

    def search(self, text: str, spend: Callable[[int], None]) -> bool:
        """True if the pattern matches anywhere in `text`; `spend` is told of work done."""
        current: list[_State] = []
        for position in range(len(text) + 1):
            current.append(self._start)
            closed = self._close(current, text, position)
            if id(self._end) in closed:
                return True
            spend(len(closed))
            if position < len(text):
                letter = text[position]
                current = [
                    target
                    for state in closed.values()
                    if state.test is not None and state.test(letter)
                    for target in state.out or ()
                ]
        return False

    @staticmethod
    def _close(states: list[_State], text: str, position: int) -> dict[int, _State]:
        reached: dict[int, _State] = {}
        stack = states
        while stack:
            state = stack.pop()
            if id(state) in reached:
                continue
            reached[id(state)] = state
            if state.test is None and _passes(state.guard, text, position):
                stack.extend(state.out or ())
        return reached


def _passes(guard: str | None, text: str, position: int) -> bool:
    match guard:
        case None:
            return True
        case "^":
            return position == 0
        case "$":
            return position == len(text)
        case "(?m)^":
            return position == 0 or text[position - 1] == "\n"
        case "(?m)$":
            return position == len(text) or text[position] == "\n"
        case _:
            before = position > 0 and _is_word(text[position - 1])
            after = position < len(text) and _is_word(text[position])
            return (before != after) is (guard == "b")


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """Compile a pattern.

    Raises:
        PatternError: it is not in the supported syntax, or too large.
    """
    builder = _Builder(pattern)
    fragment = builder.build()
    return Pattern(fragment.start, fragment.end)


def _is_word(letter: str) -> bool:
    return letter == "_" or (letter.isascii() and letter.isalnum())


def _is_digit(letter: str) -> bool:
    return "0" <= letter <= "9"


def _is_space(letter: str) -> bool:
    return letter in "\t\n\f\r "


def _negated(test: _Test) -> _Test:
    return lambda letter: not test(letter)


_CLASSES: dict[str, _Test] = {
    "d": _is_digit, "D": _negated(_is_digit), "w": _is_word, "W": _negated(_is_word),
    "s": _is_space, "S": _negated(_is_space),
}  # fmt: skip
_POSIX: dict[str, _Test] = {
    "alnum": lambda c: c.isascii() and c.isalnum(),
    "alpha": lambda c: c.isascii() and c.isalpha(),
    "digit": _is_digit,
    "lower": lambda c: "a" <= c <= "z",
    "punct": lambda c: c.isascii() and c.isprintable() and not c.isalnum() and c != " ",
    "space": lambda c: c in "\t\n\v\f\r ",
    "upper": lambda c: "A" <= c <= "Z",
    "word": _is_word,
    "xdigit": lambda c: c in "0123456789abcdefABCDEF",
}
_LETTER_ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_GROUP_NAME = re.compile(r"\?P?<[A-Za-z_]\w*>")
_GROUP_FLAGS = re.compile(r"\?([imsU]*)(?:-([imsU]*))?([:)])")
_COUNT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_HEX = re.compile(r"x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})")
_POSIX_CLASS = re.compile(r"\[:(\^?)([a-z]+):\]")


class _Builder:
    """Parses a pattern and builds its automaton as it goes."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._flags = frozenset[str]()
        self._states = 0
        self._nesting = 0

    def build(self) -> _Fragment:
        fragment = self._alternatives()
        if self._at < len(self._pattern):
            raise PatternError("unmatched ) in the pattern")
        return fragment

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        letter = self._peek()
        if not letter:
            raise PatternError("the pattern ends too early")
        self._at += 1
        return letter

    def _take_match(self, expected: re.Pattern[str]) -> re.Match[str] | None:
        match = expected.match(self._pattern, self._at)
        if match is not None:
            self._at = match.end()
        return match

    def _state(self, *, test: _Test | None = None, guard: str | None = None) -> _State:
        self._states += 1
        if self._states > MAX_STATES:
            raise PatternError(f"the pattern needs more than {MAX_STATES} states")
        return _State(test=test, guard=guard, out=[])

    def _empty(self) -> _Fragment:
        state = self._state()
        return _Fragment(state, state)

    def _alternatives(self) -> _Fragment:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        if len(branches) == 1:
            return branches[0]
        start, end = self._state(), self._state()
        for branch in branches:
            _link(start, branch.start)
            _link(branch.end, end)
        return _Fragment(start, end)

    def _sequence(self) -> _Fragment:
        whole = self._empty()
        while self._peek() not in ("", "|", ")"):
            began = self._at
            part = self._atom()
            whole = self._joined(whole, self._repeated(part, began))
        return whole

    def _joined(self, first: _Fragment, second: _Fragment) -> _Fragment:
        _link(first.end, second.start)
        return _Fragment(first.start, second.end)

    def _repeated(self, part: _Fragment, began: int) -> _Fragment:
        bounds = self._bounds()
        if bounds is None:
            return part
        least, most = bounds
        if self._peek() == "?":
            self._at += 1
        if self._bounds() is not None:
            raise PatternError("a repetition cannot be repeated; use a group")
        return self._copies(part, began, least, most)

    def _bounds(self) -> tuple[int, int | None] | None:
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(self._peek())
        if simple is not None:
            self._at += 1
            return simple
        count = self._take_match(_COUNT)
        if count is None:
            return None
        least = int(count.group(1)[:6])
        most = least if count.group(2) is None else int((count.group(3) or "-1")[:6])
        if max(least, most) > _MAX_REPEAT or -1 < most < least:
            raise PatternError(f"a repetition may count up to {_MAX_REPEAT}")
        return least, None if most < 0 else most

    def _copies(self, part: _Fragment, began: int, least: int, most: int | None) -> _Fragment:
        resume, flags = self._at, self._flags
        total = max(least, 1) if most is None else most
        whole = self._empty()
        for index in range(total):
            copy = part if index == 0 else self._again(began)
            if index >= least:
                copy = self._optional(copy)
            if most is None and index == total - 1:
                _link(copy.end, copy.start)
            whole = self._joined(whole, copy)
        self._at, self._flags = resume, flags
        return whole

    def _again(self, began: int) -> _Fragment:
        self._at = began
        return self._atom()

    def _optional(self, part: _Fragment) -> _Fragment:
        start, end = self._state(), self._state()
        _link(start, part.start)
        _link(part.end, end)
        _link(start, end)
        return _Fragment(start, end)

    def _atom(self) -> _Fragment:
        letter = self._take()
        match letter:
            case "(":
                return self._group()
            case "[":
                return self._consuming(self._bracket())
            case "\\":
                return self._escaped()
            case ".":
                return self._consuming(self._any())
            case "^" | "$":
                return self._guarded(f"(?m){letter}" if "m" in self._flags else letter)
            case "*" | "+" | "?":
                raise PatternError(f"nothing to repeat before {letter}")
            case _:
                return self._consuming(self._literal(letter))

    def _consuming(self, test: _Test) -> _Fragment:
        state, after = self._state(test=test), self._state()
        _link(state, after)
        return _Fragment(state, after)

    def _guarded(self, guard: str) -> _Fragment:
        state = self._state(guard=guard)
        after = self._state()
        _link(state, after)
        return _Fragment(state, after)

    def _any(self) -> _Test:
        if "s" in self._flags:
            return lambda _: True
        return lambda letter: letter != "\n"

    def _literal(self, expected: str) -> _Test:
        if "i" in self._flags:
            folded = expected.lower()
            return lambda letter: letter.lower() == folded
        return lambda letter: letter == expected

    def _group(self) -> _Fragment:
        outer = self._flags
        if self._peek() == "?" and not self._take_match(_GROUP_NAME):
            flags = self._take_match(_GROUP_FLAGS)
            if flags is None:
                raise PatternError("look-around and conditionals are not supported")
            on, off, closing = flags.groups()
            self._flags = (outer | set(on)) - set(off or "")
            if closing == ")":
                return self._empty()
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            raise PatternError(f"groups may nest at most {_MAX_NESTING} deep")
        inner = self._alternatives()
        self._nesting -= 1
        if self._peek() != ")":
            raise PatternError("a group in the pattern is not closed")
        self._at += 1
        self._flags = outer
        return inner

    def _escaped(self) -> _Fragment:
        if self._peek() in ("A", "z", "b", "B"):
            letter = self._take()
            return self._guarded({"A": "^", "z": "$"}.get(letter, letter))
        if self._peek() in _CLASSES:
            return self._consuming(_CLASSES[self._take()])
        return self._consuming(self._literal(self._escaped_letter()))

    def _escaped_letter(self) -> str:
        hexadecimal = self._take_match(_HEX)
        if hexadecimal is not None:
            return _character(int(hexadecimal.group(1) or hexadecimal.group(2), 16))
        letter = self._take()
        if letter in _LETTER_ESCAPES:
            return _LETTER_ESCAPES[letter]
        if letter.isascii() and letter.isalnum():
            raise PatternError(f"\\{letter} is not supported in a pattern")
        return letter

    def _bracket(self) -> _Test:
        negative = self._peek() == "^"
        self._at += negative
        tests = [self._bracket_item()]
        while self._peek() != "]":
            tests.append(self._bracket_item())
        self._at += 1
        ignore_case = "i" in self._flags

        def test(letter: str) -> bool:
            forms = {letter, letter.lower(), letter.upper()} if ignore_case else (letter,)
            return any(item(form) for item in tests for form in forms) is not negative

        return test

    def _bracket_item(self) -> _Test:
        posix = self._take_match(_POSIX_CLASS)
        if posix is not None:
            negative, name = posix.groups()
            if name not in _POSIX:
                raise PatternError(f"[:{name}:] is not a character class")
            return _negated(_POSIX[name]) if negative else _POSIX[name]
        if self._peek() == "\\" and self._pattern[self._at + 1 : self._at + 2] in _CLASSES:
            self._at += 1
            return _CLASSES[self._take()]
        low = high = self._bracket_letter()
        is_range = self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] != "]"
        if is_range:
            self._at += 1
            high = self._bracket_letter()
        if high < low:
            raise PatternError(f"the range {low}-{high} is reversed")
        return lambda letter: low <= letter <= high

    def _bracket_letter(self) -> str:
        letter = self._take()
        return self._escaped_letter() if letter == "\\" else letter


def _character(code: int) -> str:
    try:
        return chr(code)
    except (ValueError, OverflowError) as error:
        raise PatternError("a code in the pattern is no character") from error


def _link(source: _State, target: _State) -> None:
    assert source.out is not None
    source.out.append(target)
