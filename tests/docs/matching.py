"""Comparing what is written with what came: placeholders and gaps."""

import json
import re
from typing import Any

_PLACEHOLDER = re.compile(r"<([a-z][A-Za-z-]*)>")


class Bindings(dict[str, str]):
    """What `<name>` stands for on a page: bound where it first matches an answer."""

    def fill(self, text: str) -> str:
        """The text with every bound placeholder replaced."""
        return _PLACEHOLDER.sub(lambda found: self.get(found[1], found[0]), text)

    def match_text(self, expected: str, actual: str) -> None:
        """Compare texts line by line; `...` stands for anything, a fresh `<name>` is bound."""
        pattern = "".join(self._pattern(expected))
        found = re.fullmatch(pattern, actual.strip("\n"), re.DOTALL)
        assert found is not None, f"expected:\n{self.fill(expected)}\n\ngot:\n{actual}"
        self.update({name.replace("_", "-"): value for name, value in found.groupdict().items()})

    def match_json(self, expected: Any, actual: Any, where: str = "$") -> None:
        """Compare JSON values; a string `<name>` matches and is bound, or equals what it is."""
        if isinstance(expected, dict) and isinstance(actual, dict):
            assert expected.keys() == actual.keys(), f"{where}: keys are {sorted(actual)}"
            for key, value in expected.items():
                self.match_json(value, actual[key], f"{where}.{key}")
        elif isinstance(expected, list) and isinstance(actual, list):
            assert len(expected) == len(actual), f"{where}: {len(actual)} items"
            for index, value in enumerate(expected):
                self.match_json(value, actual[index], f"{where}[{index}]")
        elif isinstance(expected, str) and isinstance(actual, str):
            self.match_text(expected, actual)
        else:
            same = type(expected) is type(actual) and expected == actual
            assert same, f"{where}: got {actual!r}, expected {expected!r}"

    def match_body(self, expected: str, actual: str) -> None:
        """Compare as JSON if the expectation is JSON, else as text."""
        try:
            pattern = json.loads(expected)
        except ValueError:
            self.match_text(expected, actual)
        else:
            self.match_json(pattern, json.loads(actual))

    def _pattern(self, expected: str) -> list[str]:
        parts, fresh = [], set[str]()
        for part in re.split(r"(\.\.\.|<[a-z][A-Za-z-]*>)", expected):
            placeholder = _PLACEHOLDER.fullmatch(part)
            if part == "...":
                parts.append(".*?")
            elif placeholder is None:
                parts.append(re.escape(part))
            elif placeholder[1] in self:
                parts.append(re.escape(self[placeholder[1]]))
            elif placeholder[1] in fresh:
                parts.append(f"(?P={placeholder[1].replace('-', '_')})")
            else:
                fresh.add(placeholder[1])
                parts.append(f'(?P<{placeholder[1].replace("-", "_")}>[^\\n"]+)')
        return parts
