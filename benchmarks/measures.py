"""What a benchmark hands back: samples by subject and run, their medians, and each beside its reference.

Other programs share the machine, so one sample says little. A ratio is taken between samples of the same run, which
the same noise has hit, and the median of the ratios is shown.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from textwrap import wrap
from typing import Any

Sample = Mapping[str, float]
"""What was measured of a subject in one run, by the measure's name; the first measure is the one compared."""


@dataclass(frozen=True)
class Scale:
    """How long to measure: `runs` samples of each figure, and which size of work."""

    runs: int = 3
    size: str = "full"

    def rounds(self, most_seconds: float) -> Iterator[int]:
        """Yield the numbers of the runs; none is begun after `most_seconds`, but there is always one.

        >>> list(Scale(runs=3).rounds(60)), list(Scale(runs=3).rounds(0))
        ([0, 1, 2], [0])
        """
        until = time.monotonic() + most_seconds
        yield 0
        for number in range(1, self.runs):
            if time.monotonic() < until:
                yield number

    def of(self, full: int, quick: int, tiny: int) -> int:
        """Return how much work a sample is.

        >>> Scale(size="quick").of(1000, 100, 10)
        100
        """
        return {"full": full, "quick": quick, "tiny": tiny}[self.size]


@dataclass
class Report:
    """Figures that belong together. `compared` names the reference of a subject, `limits` what bounds the figures."""

    title: str
    limits: str
    compared: dict[str, str] = field(default_factory=dict)
    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))

    def add(self, subject: str, sample: Sample) -> None:
        """Keep a sample; every subject gets one a run, in the order of the runs."""
        self.samples[subject].append(sample)

    @property
    def runs(self) -> int:
        """How many samples each figure has."""
        return max(map(len, self.samples.values()), default=0)

    def measures(self) -> list[str]:
        """Return the names of all measures, in the order of their first mention."""
        return list(dict.fromkeys(name for kept in self.samples.values() for sample in kept for name in sample))

    def median(self, subject: str, measure: str) -> float | None:
        """Return the median over the runs; None where this was not measured."""
        values = [sample[measure] for sample in self.samples[subject] if measure in sample]
        return median(values) if values else None

    def ratio(self, subject: str) -> float | None:
        """Return the median of the subject's first measure over its reference's, run by run.

        >>> report = Report("", "", {"ours": "bare"})
        >>> for speed in (1.0, 10.0, 20.0):
        ...     report.add("bare", {"per s": speed})
        ...     report.add("ours", {"per s": speed / 2})
        >>> report.ratio("ours")
        0.5
        """
        reference = self.compared.get(subject)
        if reference is None or not self.samples.get(reference):
            return None
        pairs = zip(self.samples[subject], self.samples[reference], strict=True)
        return median(_first(ours) / _first(theirs) for ours, theirs in pairs)

    def as_json(self) -> dict[str, Any]:
        """Return everything that was measured."""
        return {
            "title": self.title,
            "runs": self.runs,
            "limits": self.limits,
            "figures": {subject: self._figure(subject) for subject in self.samples},
        }

    def _figure(self, subject: str) -> dict[str, Any]:
        measured: dict[str, list[float]] = defaultdict(list)
        for sample in self.samples[subject]:
            for name, value in sample.items():
                measured[name].append(value)
        return {
            "measures": {
                name: {"median": _short(median(values)), "lowest": _short(min(values)), "highest": _short(max(values))}
                for name, values in measured.items()
            },
            "reference": self.compared.get(subject),
            "times_reference": _short(self.ratio(subject)),
        }

    def lines(self) -> Iterator[str]:
        """Yield the table as it is printed."""
        names = self.measures()
        rows = [[subject, *self._cells(subject, names)] for subject in self.samples]
        table = [[self.title, *names, "spread", "× reference"], *rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
        for row in table:
            yield "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        yield from wrap(f"limited by: {self.limits}", width=118, initial_indent="  ", subsequent_indent="    ")

    def _cells(self, subject: str, names: list[str]) -> list[str]:
        ratio, reference = self.ratio(subject), self.compared.get(subject)
        compared = f"{ratio:.2f} × {reference}" if ratio is not None else ""
        return [*(_shown(self.median(subject, name)) for name in names), self._spread(subject), compared]

    def _spread(self, subject: str) -> str:
        values = [_first(sample) for sample in self.samples[subject]]
        middle = median(values)
        return f"±{(max(values) - min(values)) / 2 / middle:.0%}" if len(values) > 1 and middle else ""


def _first(sample: Sample) -> float:
    return next(iter(sample.values()))


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
