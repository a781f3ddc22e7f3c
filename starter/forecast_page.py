"""A forecast as one page to send around: what many contacts will get, when, and who ends where. Nothing is loaded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from domain.drawing import COMPLETED, START, Drawing, drawn
from domain.drawing_svg import svg
from domain.forecast import Forecast, per_hour_of_day
from domain.program import Program
from starter.forecast_lines import figures, tables, taken_for_granted
from starter.story_style import document
from starter.story_style import figures as strip
from starter.telling import LONG, on_clock

HEIGHT, WIDTH, FOOT = 150, 720, 34
MOST_BARS = 366
STYLE = """
.chart { width: 100%; height: auto; max-height: 16rem; display: block; }
.chart rect { fill: var(--bar); } .chart line { stroke: var(--line); }
.chart text { fill: var(--soft); font: 11px system-ui, sans-serif; }
table { border-collapse: collapse; width: 100%; }
td { padding: .25rem .6rem .25rem 0; vertical-align: middle; overflow-wrap: anywhere; }
td.count { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.share { width: 40%; } td.share div { background: var(--bar); height: .7rem; border-radius: .2rem; min-width: 2px; }
.map svg { max-width: 100%; min-width: 30rem; height: auto; }
@media print { .map { break-before: page; } .map svg { min-width: 0; max-height: 24cm; } td.share div {
  print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def page(program: Program, forecast: Forecast, zone: ZoneInfo, at: datetime, reactions: Sequence[str]) -> str:
    """Return the page of a forecast, complete HTML; days and hours are those of `zone`."""
    title = f"{program.sequence} for {forecast.contacts:,} contacts"
    hours = list(per_hour_of_day(forecast.per_hour(zone)))
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="about">{escape(program.description)} From {escape(on_clock(at, zone, LONG))}.</p>',
        strip([(figure, what) for figure, what in figures(forecast)]),
        *(
            f'<p class="assumed">Taken for granted: {escape(each)}</p>'
            for each in taken_for_granted(forecast, reactions)
        ),
        f"<h2>Messages a day ({escape(zone.key)})</h2>",
        _chart(_every_day(forecast.per_day(zone))),
        "<h2>Messages by hour of the day</h2>",
        _chart([(f"{hour:02}:00", count) for hour, count in enumerate(hours)]),
        *(part for title, counts in tables(forecast) for part in _table(title, counts, forecast.contacts)),
        '<details class="map" open><summary>The whole sequence, and how many come to each step</summary>',
        f'<div class="scroll">{svg(_with_counts(drawn(program), forecast))}</div></details>',
    ]
    return document(title, "\n".join(body), STYLE)


def _every_day(days: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the days from the first to the last, those without messages, too."""
    if not days:
        return []
    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    count = min((last - first).days + 1, MOST_BARS)
    every = [first + timedelta(days=number) for number in range(count)]
    return [(f"{day:%a %d %b}", days.get(day.isoformat(), 0)) for day in every]


def _chart(bars: Sequence[tuple[str, int]]) -> str:
    if not any(count for _, count in bars):
        return '<p class="soft">No messages.</p>'
    most, width = max(count for _, count in bars), WIDTH / len(bars)
    drawn_bars = "".join(_bar(number, name, count, width, most) for number, (name, count) in enumerate(bars))
    names = "".join(_name(number, bars[number][0], width) for number in _named(len(bars)))
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT + FOOT}" role="img" aria-label="At most {most:,}">'
        f'{drawn_bars}<line x1="0" x2="{WIDTH}" y1="{HEIGHT}" y2="{HEIGHT}"/>{names}'
        f'<text x="0" y="11">{most:,}</text></svg>'
    )


def _bar(number: int, name: str, count: int, width: float, most: int) -> str:
    height = (HEIGHT - 18) * count / most
    shape = f'x="{number * width + width * 0.1:.1f}" y="{HEIGHT - height:.1f}" width="{width * 0.8:.1f}"'
    return f'<rect {shape} height="{height:.1f}"><title>{escape(name)}: {count:,}</title></rect>'


def _named(count: int) -> range:
    """Return the bars whose names are written: as many as there is room for."""
    return range(0, count, max(1, -(-count // 9)))


def _name(number: int, name: str, width: float) -> str:
    return f'<text x="{number * width + width * 0.1:.1f}" y="{HEIGHT + 16}">{escape(name)}</text>'


def _table(title: str, counts: Mapping[str, int], of: int) -> Iterator[str]:
    most = max(counts.values())
    yield f"<h2>{escape(title[:1].upper() + title[1:])}</h2>\n<table>"
    for name, count in counts.items():
        bar = f'<td class="share"><div style="width: {100 * count / most:.1f}%"></div></td>'
        yield f'<tr><td>{escape(name)}</td><td class="count">{count:,}</td>{bar}</tr>'
    yield "</table>"


def _with_counts(drawing: Drawing, forecast: Forecast) -> Drawing:
    """Return the drawing with the number of contacts that came to each step in its box."""
    counts = {**forecast.reached, START: forecast.entered, COMPLETED: forecast.ends["completed"]}
    boxes = (
        replace(box, note="; ".join(filter(None, (f"{counts.get(box.id, 0):,}", box.note))))
        if box.id == COMPLETED or box.sort not in ("end", "again")
        else box
        for box in drawing.boxes
    )
    return replace(drawing, boxes=tuple(boxes))
