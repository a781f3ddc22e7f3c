"""A simulated story as a list of moments in a reader's words; the terminal and the page show the same ones.

Beside the rows of the timeline these are what the contact did, and at every fork the ways that were not taken.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from domain.answers import clean_line
from domain.drawing import Arrow, Drawing
from domain.simulation import ENTER, SET, Scripted
from domain.story import Story
from starter.telling import deed, ended, on_clock, reasons

SORTS = {"sent": "sent", "took": "choice", "matched": "choice", "timed_out": "choice"}
SORTS |= dict.fromkeys(("held", "skipped", "refused", "unknown", "stopped", "deferred"), "halt")
UNFINISHED = ("deferred", "held")
A_NIGHT = timedelta(hours=20)


@dataclass(frozen=True)
class Moment:
    """Something that happened: `sort` is `enter`, `sent`, `choice`, `halt`, `event` or `quiet`.

    `row` is its place in the story's timeline, where it has one; `not_taken` are the other ways out of its step.
    """

    at: datetime
    sort: str
    deed: str
    step: str = ""
    why: tuple[str, ...] = ()
    not_taken: tuple[str, ...] = ()
    row: int | None = None


def moments(story: Story, drawing: Drawing, events: Sequence[Scripted] = ()) -> list[Moment]:
    """Return what happened in a story, in order; what the contact did comes before what followed from it."""
    entered_at = story.facts.entered_at
    told = [_of_row(story, drawing, number) for number in range(len(story.timeline))]
    over = story.end["at"] if story.end is not None else None
    until = datetime.fromisoformat(over) if over else max([each.at for each in told], default=entered_at)
    done = [_of_event(each) for each in events if each.event != ENTER and entered_at <= each.at <= until]
    along = {name: value for name, value in story.facts.run_event.items() if name != "name"}
    begins = [Moment(entered_at, "enter", "enters", why=_data(along))] if not _refused(story) else []
    return [*begins, *sorted([*done, *told], key=lambda each: (each.at, each.row is not None))]


def path_of(story: Story, drawing: Drawing) -> frozenset[tuple[str, str]]:
    """Return the arrows of the drawing that this contact went along."""
    if _refused(story):
        return frozenset()
    steps = [row["step"] for number, row in enumerate(story.timeline) if _is_done(story, number)]
    last = story.stood_at
    if last is not None and (not steps or steps[-1] != last):
        steps.append(last)
    return drawing.walked(steps, story.end["reason"] if story.end else None)


def _refused(story: Story) -> bool:
    return story.end is not None and str(story.end["reason"]).startswith("refused:")


def _of_row(story: Story, drawing: Drawing, number: int) -> Moment:
    row, zone = story.timeline[number], story.facts.zone.zone
    taken, others = _fork(story, drawing, number)
    words = f"took: {taken.label}" if row["did"] == "took" and taken is not None and taken.label else deed(row, zone)
    return Moment(
        at=datetime.fromisoformat(row["at"]),
        sort=_sort(row),
        deed=words,
        step=row["step"],
        why=tuple(reason for reason in reasons_of(row) if reason != words),
        not_taken=tuple(_other(arrow, drawing) for arrow in others),
        row=number,
    )


def _fork(story: Story, drawing: Drawing, number: int) -> tuple[Arrow | None, list[Arrow]]:
    """Return the way that was taken out of a row's step, and the others; nothing where there was one only."""
    row = story.timeline[number]
    ways = [arrow for arrow in drawing.arrows if arrow.source == row["step"]]
    if len(ways) < 2 or not _is_done(story, number):
        return None, []
    way = drawing.way(row["step"], _next_places(story, drawing, number))
    taken = next((arrow for arrow in ways if way and arrow.target == way[0][1]), None)
    return taken, [arrow for arrow in ways if arrow is not taken] if taken else []


def _is_done(story: Story, number: int) -> bool:
    """Whether a row is the last of its visit: what is put off, held or opened and waited for is told of again."""
    row, following = story.timeline[number], story.timeline[number + 1 : number + 2]
    again = row["did"] == "opened" and [each["step"] for each in following] == [row["step"]]
    return not again and row["did"] not in UNFINISHED


def _next_places(story: Story, drawing: Drawing, number: int) -> frozenset[str]:
    if number + 1 < len(story.timeline):
        return frozenset({story.timeline[number + 1]["step"]})
    if story.stood_at not in (None, story.timeline[number]["step"]):
        return frozenset({str(story.stood_at)})
    return drawing.ends(story.end["reason"]) if story.end else frozenset()


def _other(arrow: Arrow, drawing: Drawing) -> str:
    says = next((box.says for box in drawing.boxes if box.id == arrow.target), arrow.target)
    return f"{arrow.label} → {says}" if arrow.label else says


def _of_event(event: Scripted) -> Moment:
    said = "the record is changed" if event.event == SET else event.event + (f" (of {event.of})" if event.of else "")
    return Moment(event.at, "event", said, why=_data(event.data))


def _data(data: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{name}: {clean_line(str(value), 80)}" for name, value in data.items())


def _sort(row: Mapping[str, Any]) -> str:
    if row["did"] == "skipped" and "template" not in row:
        return "quiet"  # a step that was not for this contact; a message that did not go is more
    if row["did"] == "stopped" and "sequence" in row:
        return "quiet"  # another sequence was stopped, as its author wrote
    return SORTS.get(row["did"], "quiet")


def reasons_of(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield why, one reason after the other: of something put off only the question that said no, the last."""
    why = [str(each) for each in row.get("why") or ()]
    yield from why[-1:] if row.get("did") in ("deferred", "skipped") else why


def day_of(at: datetime, story: Story) -> str:
    """Return the day a moment falls on: its number from entry on, and its date on the contact's clock."""
    zone = story.facts.zone.zone
    number = (at.astimezone(zone).date() - story.facts.entered_at.astimezone(zone).date()).days + 1
    return f"Day {number} · {on_clock(at, zone, '%A %d %B %Y')}"


def gap(before: datetime, after: datetime, zone: tzinfo) -> str:
    """Return how much later `after` is, as somebody in `zone` would say; nothing for less than a minute.

    >>> from datetime import UTC
    >>> monday = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> gap(monday, monday + timedelta(days=2, hours=-1), UTC), gap(monday, monday + timedelta(minutes=90), UTC)
    ('2 days later', '1 hour 30 minutes later')
    """
    passed = after - before
    days = (after.astimezone(zone).date() - before.astimezone(zone).date()).days
    if days and passed >= A_NIGHT:
        return "the next day" if days == 1 else f"{days} days later"
    hours, minutes = divmod(int(passed.total_seconds()) // 60, 60)
    said = [
        f"{count} {unit}{'s' if count > 1 else ''}" for count, unit in ((hours, "hour"), (minutes, "minute")) if count
    ]
    return " ".join(said) + " later" if said else ""


def last_words(story: Story, how: str) -> tuple[str, str]:
    """Return how a story ends, or where it still waits, and why; instants are written as `how` says."""
    zone, stood = story.facts.zone.zone, story.stood_at
    if story.end is not None:
        at_any_time = story.end.get("why") is not None and stood is not None
        where = f" (it stood at {stood})" if at_any_time and not _refused(story) else ""
        return f"{on_clock(story.end['at'], zone, how)}: {ended(story.end['reason'])}{where}", reasons(story.end)
    waiting = story.waiting or {}
    until = f" until {on_clock(waiting['until'], zone, how)}" if waiting.get("until") else ""
    return f"still waits at {waiting.get('step') or stood}{until}", ""
