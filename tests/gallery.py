"""The stories of docs/samples/stories/, told by the sequences that lie in this repository.

A story is what happens to somebody, as `rapport simulate --events` takes it; its sequence is its folder's name. What
comes of it is read on the contact's own clock, one line for each row of the timeline.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from domain.dues import resolve
from domain.facts import Facts
from domain.program import Program
from domain.simulation import ENTER, Script, Scripted, simulate
from domain.spans import Span
from domain.story import Story
from starter.contact_file import read_contact
from starter.script_files import Told, read_events
from starter.telling import on_clock
from tests.home import PROJECT, Pen, shipped

SAMPLES = PROJECT / "docs" / "samples"
STORIES = sorted(path.relative_to(SAMPLES / "stories").with_suffix("").as_posix() for path in SAMPLES.rglob("*/*.yaml"))
HOME = shipped()
LOADED = HOME.load()


@cache
def pen() -> Pen:
    return Pen(HOME.templates)


def told(story: str, who: str, **fields: Any) -> Story:
    """Return what comes of a story of docs/samples/stories/ when it happens to somebody of docs/samples/contacts/.

    `fields` are fields of the contact that are otherwise this time.
    """
    made = script(story, who, **fields)
    return simulate(program(story.partition("/")[0]), LOADED.policies, HOME.catalogue, pen(), made)


def script(story: str, who: str, **fields: Any) -> Script:
    """Return a story with the contact it happens to, as a simulation takes it."""
    sequence = program(story.partition("/")[0])
    events, odd = read_events(SAMPLES / "stories" / f"{story}.yaml", sequence, LOADED.policies)
    assert odd == []
    enter = next(each for each in events if each.event == ENTER)
    assert enter.at is not None, "a story says when it begins"
    contact, odd = read_contact(SAMPLES / "contacts" / f"{who}.json", LOADED.policies, enter.at)
    assert odd == []
    return Script(
        contact={**contact, **fields},
        at=enter.at,
        run_event=dict(enter.data),
        events=[scripted(each, enter, sequence, contact) for each in events if each.event != ENTER],
    )


def scripted(each: Told, enter: Told, of: Program, contact: Mapping[str, Any]) -> Scripted:
    """Return an event of a story at its instant."""
    assert enter.at is not None
    facts = Facts(enter.at, of, LOADED.policies, contact, enter.at, run_event=dict(enter.data))

    def instant(when: Span | datetime | None) -> datetime | None:
        due = resolve(when, facts.entered_at, facts.sight()) if isinstance(when, Span) else None
        return when if isinstance(when, datetime) else due.at if due else None

    at = instant(each.after) or each.at or enter.at
    return Scripted(at, each.event, each.of, each.data, instant(each.until))


def program(name: str) -> Program:
    return LOADED.programs[name]


def lines(story: Story) -> str:
    """Return the timeline and the end as text: weekday, day and time on the contact's clock, step, what was done."""
    zone = story.facts.zone.zone
    rows = [f"{on_clock(row['at'], zone)}  {row['step']} {_did(row)}" for row in story.timeline]
    if story.end is not None:
        rows.append(f"{on_clock(story.end['at'], zone)}  {story.end['reason']}")
    return "\n".join(rows)


def _did(row: Mapping[str, Any]) -> str:
    what = row.get("arm") or row.get("outcome") or (row.get("event") if row["did"] == "matched" else None)
    return f"{row['did']} {what}" if what else str(row["did"])


def said(block: str) -> str:
    """Return a block of expected lines as `lines` writes them."""
    return "\n".join(line.strip() for line in block.strip().splitlines())


def subjects(story: Story) -> list[str]:
    return [str(row["subject"]) for row in story.timeline if row["did"] == "sent"]
