"""The drawings of a report: bars and intervals as SVG inside the page, which needs nothing from elsewhere.

A drawing is as wide as its place; what it says stands beside it in words, and in its label for who does not see it.
"""

from collections.abc import Iterable
from html import escape

from domain.comparison import Comparison
from domain.statistics import Share, interval_of
from starter.report_words import percent

WIDE = 1000
# Narrower, so that its words can be read on a telephone, too.
SIDES, FIRST, LAST = 640, 90, 570


def bar(parts: Iterable[tuple[str, int]], most: int, says: str, tall: int = 26) -> str:
    """Return a bar of parts one behind the other, each with its class; `most` is what fills the whole width."""
    drawn, at = [], 0.0
    for look, count in parts:
        width = WIDE * count / most if most else 0
        if width:
            drawn.append(f'<rect class="{look}" x="{at:.1f}" y="0" width="{width:.1f}" height="{tall}"/>')
        at += width
    return _svg("bar", WIDE, tall, says, "".join(drawn), stretched=True)


def sides(comparison: Comparison) -> str:
    """Return those who entered above those held out: each share as a dot, and where the true one lies as a line."""
    both = (("entered", comparison.entered.share), ("held out", comparison.held_out.share))
    known = [(name, share) for name, share in both if share.of]
    most = max([interval_of(share).high for _, share in known], default=1.0) or 1.0
    rows = [_side(name, share, most, 24 + 40 * row) for row, (name, share) in enumerate(known)]
    height = 24 + 40 * len(known)
    says = "; ".join(f"{name}: {percent(share.rate)}" for name, share in known)
    return _svg("sides", SIDES, height, says, "".join(rows) + _axis(most, height))


def _side(name: str, share: Share, most: float, y: int) -> str:
    interval, rate = interval_of(share), share.rate or 0.0
    low, here, high = (_along(value, most) for value in (interval.low, rate, interval.high))
    return (
        f'<text class="name" x="0" y="{y + 5}">{escape(name)}</text>'
        f'<line class="sure" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>'
        f'<circle class="{name.replace(" ", "-")}" cx="{here:.1f}" cy="{y}" r="7"/>'
        f'<text class="rate" x="{high + 12:.1f}" y="{y + 5}">{percent(rate)}</text>'
    )


def _axis(most: float, height: int) -> str:
    ends = (
        f'<text class="tick" x="{_along(value, most):.1f}" y="{height - 4}">{percent(value)}</text>'
        for value in (0.0, most)
    )
    zero = _along(0.0, most)
    line = f'<line class="axis" x1="{zero}" x2="{_along(most, most):.1f}" y1="{height - 20}" y2="{height - 20}"/>'
    return line + "".join(ends)


def _along(value: float, most: float) -> float:
    """Return where a share stands from left to right: names stand before the first, figures behind the last."""
    return FIRST + (LAST - FIRST) * value / most


def _svg(look: str, width: int, height: int, says: str, inside: str, *, stretched: bool = False) -> str:
    ratio = ' preserveAspectRatio="none"' if stretched else ""
    return (
        f'<svg class="{look}" viewBox="0 0 {width} {height}"{ratio} role="img" aria-label="{escape(says)}">'
        f"<title>{escape(says)}</title>{inside}</svg>"
    )
