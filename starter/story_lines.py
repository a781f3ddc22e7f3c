"""A simulated story on a terminal: the same moments as on the page, in lines of at most 80 columns.

Colours are the console's business: none where there is no terminal, or where NO_COLOR is set.
"""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from rich.text import Text

from domain.drawing import drawn
from domain.simulation import Scripted
from domain.story import Story
from starter.story_moments import Moment, day_of, gap, last_words, moments
from starter.telling import LONG, on_clock

COLUMNS = 80
STYLES = {"sent": "green", "halt": "yellow", "choice": "magenta", "event": "cyan", "enter": "bold", "quiet": ""}
SIGNS = {"sent": "✉", "halt": "!", "choice": "◇", "event": "»", "enter": "▶", "quiet": "·"}
INDENT = 10


def lines(story: Story, events: Sequence[Scripted] = ()) -> Iterator[Text]:
    """Yield the story line by line."""
    facts = story.facts
    yield Text.assemble((facts.program.sequence, "bold"), f" {facts.program.version[:19]}")
    if facts.program.description:
        yield from _wrapped(facts.program.description, 0, "dim")
    yield Text(f"clock: {facts.zone.name} (from {facts.zone.rung})")
    yield from (Text(f"taken for granted: {each}", "yellow") for each in story.assumed)
    before, day = facts.entered_at, ""
    for moment in moments(story, drawn(facts.program), events):
        here = day_of(moment.at, story)
        later = gap(before, moment.at, facts.zone.zone)
        if here != day:
            yield Text()
            yield Text.assemble((here, "bold"), (f" · {later}" if later and day else "", "dim"))
            later = ""
        yield from _moment(moment, on_clock(moment.at, facts.zone.zone, "%H:%M"), later)
        before, day = moment.at, here
    yield Text()
    said, why = last_words(story, LONG)
    yield from _wrapped(said, 0, "bold")
    yield from _wrapped(why, 2, "dim")


def _moment(moment: Moment, clock: str, later: str) -> Iterator[Text]:
    style = STYLES[moment.sort]
    if later:
        yield Text(f"{' ' * INDENT}{later}", "dim")
    room = COLUMNS - INDENT - (len(moment.step) + 2 if moment.step else 0)
    first, *rest = wrap(moment.deed, max(room, 30)) or [""]
    head = Text.assemble((f"  {clock} ", "dim"), (f"{SIGNS[moment.sort]} ", style), (first, style))
    if moment.step:
        head.append(" " * max(2, COLUMNS - head.cell_len - len(moment.step)))
        head.append(moment.step, "dim")
    yield head
    yield from (Text(f"{' ' * INDENT}{line}", style) for line in rest)
    for reason in moment.why:
        yield from _wrapped(reason, INDENT, "dim")
    for other in moment.not_taken:
        yield from _wrapped(f"not taken: {other}", INDENT, "dim")


def _wrapped(words: str, indent: int, style: str) -> Iterator[Text]:
    yield from (Text(" " * indent + line, style) for line in wrap(words, COLUMNS - indent))
