"""Counters, gauges and histograms, and how Prometheus reads them (text format 0.0.4)."""

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_VALUE_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_HELP_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n"})


class Counter:
    """A number that only grows, for each combination of label values."""

    def __init__(self, name: str, described: str, *, labels: Sequence[str] = ()) -> None:
        self._name = name
        self._described = described
        self._labels = tuple(labels)
        self._counts: dict[tuple[str, ...], int] = {} if labels else {(): 0}

    def add(self, *values: str, amount: int = 1) -> None:
        """Count, for these values of the labels."""
        self._counts[values] = self._counts.get(values, 0) + amount

    def lines(self) -> Iterator[str]:
        """The lines of its exposition."""
        yield from _head(self._name, self._described, "counter")
        for values, count in sorted(self._counts.items()):
            yield f"{self._name}{_labels(self._labels, values)} {count}"


class Histogram:
    """How observed values, in seconds, are distributed, for each combination of label values."""

    def __init__(
        self, name: str, described: str, *, bounds: Sequence[float], labels: Sequence[str] = ()
    ) -> None:
        self._name = name
        self._described = described
        self._bounds = tuple(bounds)
        self._labels = tuple(labels)
        self._buckets: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def observe(self, seconds: float, *values: str) -> None:
        """Count one value."""
        buckets = self._buckets.setdefault(values, [0] * (len(self._bounds) + 1))
        buckets[bisect.bisect_left(self._bounds, seconds)] += 1
        self._sums[values] = self._sums.get(values, 0.0) + seconds

    def lines(self) -> Iterator[str]:
        """The lines of its exposition."""
        yield from _head(self._name, self._described, "histogram")
        names = (*self._labels, "le")
        for values, buckets in sorted(self._buckets.items()):
            totals = list(itertools.accumulate(buckets))
            bounds = (*map(str, self._bounds), "+Inf")
            for bound, total in zip(bounds, totals, strict=True):
                yield f"{self._name}_bucket{_labels(names, (*values, bound))} {total}"
            labels = _labels(self._labels, values)
            yield f"{self._name}_sum{labels} {round(self._sums[values], 6)}"
            yield f"{self._name}_count{labels} {totals[-1]}"


def gauge(name: str, described: str, value: int) -> Iterator[str]:
    """The lines of a number as it is now."""
    yield from _head(name, described, "gauge")
    yield f"{name} {value}"


def text(lines: Iterable[str]) -> str:
    """The exposition of all lines."""
    return "\n".join(lines) + "\n"


def _head(name: str, described: str, kind: str) -> tuple[str, str]:
    return f"# HELP {name} {described.translate(_HELP_ESCAPES)}", f"# TYPE {name} {kind}"


def _labels(names: Sequence[str], values: Sequence[str]) -> str:
    if not names:
        return ""
    pairs = zip(names, values, strict=True)
    inner = ",".join(f'{name}="{value.translate(_VALUE_ESCAPES)}"' for name, value in pairs)
    return f"{{{inner}}}"
