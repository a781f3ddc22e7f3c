"""Answers about what never happened: a sequence that was not entered, a step not reached, a day without a message.

Pure: rows in, sentences out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from domain.program import Program
from starter.standing import Stand
from starter.telling import WHEN, ended, on_clock
from starter.why_said import Row, instant

SENT = frozenset({"sent", "unknown", "refused"})


@dataclass(frozen=True)
class Walk:
    """A run with its rows, oldest first, and where it stands now if it goes on.

    `pauses` are those of the contact in the sequence and of the sequence, as `kind: pause` with the instant it `ends`.
    """

    run: Mapping[str, Any]
    rows: Sequence[Row]
    stand: Stand | None = None
    pauses: Sequence[Row] = ()


def never_in(sequence: str, program: Program, happened: Mapping[str, datetime], zone: tzinfo) -> str:
    """Say why nothing was ever decided about a contact and a sequence. `happened` are their events, with the last."""
    starts = [trigger.says() for trigger in program.enter]
    if program.status != "live":
        return f"was never in {sequence}: it is {program.status}, and nobody enters by themselves"
    if not starts:
        return f"was never in {sequence}: nothing starts it but `rapport enrol {sequence}`, and nobody did"
    named = dict.fromkeys(trigger.name for trigger in program.enter if trigger.name)
    came = [(name, happened[name]) for name in named if name in happened]
    if came:
        told = ", ".join(f"{name}, the last {instant(at, zone)}" for name, at in came)
        return (
            f"was never in {sequence}: what starts it is {' or '.join(starts)}; there was {told},"
            " but none that this sequence, as it was published then, waited for"
        )
    return f"was never in {sequence}: what starts it ({' or '.join(starts)}) never happened to them"


def never_at(step: str, walk: Walk, zone: tzinfo) -> str:
    """Say why a run has nothing to tell of a step."""
    sequence, run = walk.run["sequence"], walk.run
    if run["ended_at"] is not None:
        how = ended(run["end_reason"] or "ended")
        return f"never came to {step} in {sequence}: it ended {instant(run['ended_at'], zone)}: {how}"
    here = f"it stands {_standing(walk.stand, zone)}" if walk.stand and walk.stand.step else "it has not begun"
    return f"has not come to {step} in {sequence}: {here}"


def in_window(rows: Iterable[Row], begin: datetime, end: datetime) -> list[Row]:
    """Return what was decided from `begin` on and before `end`."""
    return [row for row in rows if begin <= row["at"] < end]


def nothing_sent(begin: datetime, end: datetime, walks: Sequence[Walk], zone: tzinfo, *, day: bool) -> list[str]:
    """Say for each run that was open in a span why nothing was sent in it; nothing where something was."""
    if any(row["did"] in SENT for walk in walks for row in in_window(walk.rows, begin, end)):
        return []
    when = "on " + on_clock(begin, zone, "%a %d %b %Y") if day else f"at {instant(begin, zone)}"
    states = [_state(walk, begin, end, zone) for walk in walks]
    return [f"nothing was sent {when}: {each}" for each in states or ["the contact was in no sequence"]]


def _state(walk: Walk, begin: datetime, end: datetime, zone: tzinfo) -> str:
    run, sequence = walk.run, walk.run["sequence"]
    if run["entered_at"] >= end:
        return f"{sequence} was entered later, {instant(run['entered_at'], zone)}"
    if run["ended_at"] is not None and run["ended_at"] < begin:
        return f"{sequence} had ended {instant(run['ended_at'], zone)}: {ended(run['end_reason'] or 'ended')}"
    held = next((each for each in walk.pauses if each["at"] <= begin and _goes_on(each["ends"], end)), None)
    if held is not None:
        until = f"until {instant(held['ends'], zone)}" if held["ends"] is not None else "and still is"
        return f"{sequence} was paused for {held['whom']} from {instant(held['at'], zone)} {until}"
    steps = [row for row in walk.rows if row["step"]]
    following = next((row for row in steps if row["at"] >= end), None)
    if following is not None:
        due = following["more"].get("until") or following["at"]
        return f"{sequence} waited at {following['step']} until {on_clock(due, zone, WHEN)}{_why(following)}"
    if run["ended_at"] is not None:
        last = f" at {steps[-1]['step']}" if steps else ""
        return f"{sequence} ended{last} {instant(run['ended_at'], zone)}: {ended(run['end_reason'] or 'ended')}"
    return f"{sequence} stands {_standing(walk.stand, zone)}"


def _goes_on(ends: datetime | None, until: datetime) -> bool:
    return ends is None or ends >= until


def _why(row: Row) -> str:
    return f" ({row['why'][-1]})" if row["why"] else ""


def _standing(stand: Stand | None, zone: tzinfo) -> str:
    if stand is None or stand.step is None:
        return "at its beginning"
    until = f" until {instant(stand.until, zone)}" if stand.until is not None else ""
    return f"at {stand.step}{until}" + (f" ({stand.why})" if stand.why else "")
