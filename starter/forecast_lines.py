"""A forecast on a terminal: figures, bars of days and hours, who is put off, who ends where; at most 80 columns."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from textwrap import wrap
from zoneinfo import ZoneInfo

from rich.text import Text

from domain.forecast import Forecast, in_days, ordered, per_hour_of_day
from domain.program import Program
from starter.telling import LONG, ended, on_clock

COLUMNS, BAR = 80, 36
MOST_DAYS = 60


def lines(
    program: Program, forecast: Forecast, zone: ZoneInfo, at: datetime, reactions: Sequence[str]
) -> Iterator[Text]:
    """Yield a forecast line by line; days and hours are those of `zone`."""
    yield Text.assemble(
        (program.sequence, "bold"), f", {forecast.contacts:,} contacts, from {on_clock(at, zone, LONG)}"
    )
    for each in taken_for_granted(forecast, reactions):
        yield from (Text(line, "yellow") for line in wrap(f"taken for granted: {each}", COLUMNS))
    yield Text()
    yield from (Text(f"{figure:>12}  {what}") for figure, what in figures(forecast))
    days = forecast.per_day(zone)
    shown = dict(list(days.items())[:MOST_DAYS])
    yield from _bars(f"messages a day ({zone.key})", {_day(day): count for day, count in shown.items()})
    if len(days) > len(shown):
        yield Text(f"  and {len(days) - len(shown)} more days", "dim")
    hours = {f"{hour:02}:00": count for hour, count in enumerate(per_hour_of_day(forecast.per_hour(zone)))}
    yield from _bars("messages by hour of the day", {hour: count for hour, count in hours.items() if count})
    for title, counts in tables(forecast):
        yield from _bars(title, counts)


def _day(day: str) -> str:
    return datetime.fromisoformat(day).strftime("%a %d %b %Y")


def taken_for_granted(forecast: Forecast, reactions: Sequence[str]) -> Iterator[str]:
    """Yield what a forecast supposes."""
    for each, count in ordered(forecast.assumed).items():
        yield f"{each}, for {count:,} who said nothing about it"
    yield from (f"{each}, drawn by lot" for each in reactions)
    if not reactions:
        yield "nobody does anything with a message"


def figures(forecast: Forecast) -> Iterator[tuple[str, str]]:
    """Yield the figures everybody asks for first, each with what it counts."""
    yield f"{forecast.entered:,}", "enter"
    yield f"{forecast.messages:,}", "messages"
    if forecast.entered:
        yield f"{forecast.messages / forecast.entered:.1f}", "messages each"
    if forecast.capped:
        yield f"{forecast.capped:,}", "run into a frequency cap"
    median, longest = forecast.median(), forecast.longest()
    if median is not None:
        yield f"{in_days(median):g} days", "until the end, at the median"
        yield f"{in_days(longest):g} days", "at most"


def tables(forecast: Forecast) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield (title, counts) of everything that is counted by name, without what did not happen."""
    named = {
        "did not enter, or could not go on": ordered(forecast.because),
        "how it ends": {ended(reason): count for reason, count in ordered(forecast.ends).items()},
        "still waiting at": ordered(forecast.waiting),
        "messages by step": ordered(forecast.sent_by),
        "contacts with a message put off": ordered(forecast.put_off),
        "messages not sent": ordered(forecast.not_sent),
    }
    yield from ((title, counts) for title, counts in named.items() if counts)


def _bars(title: str, counts: Mapping[str, int]) -> Iterator[Text]:
    if not counts:
        return
    yield Text()
    yield Text(title, "bold")
    room = max(len(name) for name in counts)
    room = min(room, COLUMNS - BAR - 14)
    most = max(counts.values())
    for name, count in counts.items():
        *above, words = wrap(name, max(room, COLUMNS - 4)) if len(name) > room else [name]
        if len(words) > room:
            above, words = [*above, words], ""
        yield from (Text(f"  {line}") for line in above)
        bar = "█" * (count * BAR // most) or "▏"
        yield Text.assemble(f"  {words:<{room}} {count:>9,} ", (bar, "green"))
