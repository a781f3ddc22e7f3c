"""`simulate`: a sequence for one contact on a virtual clock, from files alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.dues import resolve
from domain.facts import Facts
from domain.keys import ledger_id
from domain.policies import Policies
from domain.program import Program
from domain.simulation import ENTER, Script, Scripted, simulate
from domain.spans import Span
from domain.standing import SMS, WEBHOOK
from domain.story import Story
from rendering.email import BadLetter
from rendering.process import RendererDown
from rendering.text_message import text_message_of
from rendering.webhook_message import webhook_message_of
from starter.cli_home import problems_found, program_of
from starter.cli_result import OutOfReach, ProblemsFound, Result
from starter.composer import Composer, as_mail, preview_id
from starter.contact_file import read_contact
from starter.home import LoadedHome, load_home, read_home
from starter.script_files import Told, read_events
from starter.story_lines import lines
from starter.story_page import page

OURS = re.compile(r"\d\d+-[a-z0-9.-]+\.(eml|txt|json)")
"""The names this command gives to messages; what lies in `--out` under such a name is of an earlier run."""


@dataclass(frozen=True)
class Wanted:
    """What `rapport simulate` was asked."""

    sequence: str
    contact: Path
    events: Path | None = None
    at: datetime | None = None
    until: datetime | Span | None = None
    out: Path | None = None


def simulate_files(home: Path, wanted: Wanted) -> Result:
    """Run a sequence for one contact on a virtual clock. Raises `ProblemsFound`, `OutOfReach`."""
    loaded = load_home(read_home(home))
    program, problems = program_of(home, loaded, wanted.sequence)
    policies = loaded.policies
    contact, odd = read_contact(wanted.contact, policies, wanted.at or datetime.now(UTC))
    problems += odd
    told: list[Told] = []
    if wanted.events is not None:
        told, odd = read_events(wanted.events, program, policies)
        problems += odd
    if any(not problem.warning for problem in problems):
        raise problems_found(problems)
    script = script_for(program, policies, contact, told, entry_at(wanted.at, told), wanted.until)
    with composing(loaded) as composer:
        story = simulate(program, policies, loaded.templates, composer, script)
    notes = [str(problem) for problem in sorted(set(problems))]
    if wanted.out is not None:
        notes += _write_out(wanted.out, story, script.events)
    return Result(story.as_json(), list(lines(story, script.events)), notes)


def entry_at(at: datetime | None, told: Sequence[Told]) -> datetime:
    """Return the instant of entry: the one asked for, else that of the pseudo-event, else now."""
    entered = next((each.at for each in told if each.event == ENTER), None)
    return at or entered or datetime.now(UTC).replace(microsecond=0)


def script_for(
    program: Program,
    policies: Policies,
    contact: Mapping[str, Any],
    told: Sequence[Told],
    at: datetime,
    until: datetime | Span | None,
) -> Script:
    """Return the script of one contact who enters `at` this instant, and to whom these things happen."""
    run_event = dict(next((each.data for each in told if each.event == ENTER), {}))
    facts = Facts(now=at, program=program, policies=policies, contact=contact, entered_at=at, run_event=run_event)
    happens = [
        Scripted(_instant(each.after or each.at or at, facts), each.event, each.of, each.data, _end(each, facts))
        for each in told
        if each.event != ENTER
    ]
    stop = _instant(until, facts) if until is not None else None
    return Script(contact=contact, at=at, run_event=run_event, events=happens, until=stop)


def _end(told: Told, facts: Facts) -> datetime | None:
    return None if told.until is None else _instant(told.until, facts)


def _instant(when: datetime | Span, facts: Facts) -> datetime:
    """Return an instant, or a span from entry on the contact's clock."""
    if isinstance(when, datetime):
        return when
    due = resolve(when, facts.entered_at, facts.sight())
    assert due is not None, "a span has an end"
    return due.at


@contextmanager
def composing(loaded: LoadedHome) -> Iterator[Composer]:
    """Yield what renders; a rendering process that cannot start is `OutOfReach`."""
    try:
        with Composer(loaded) as composer:
            yield composer
    except RendererDown as error:
        raise OutOfReach(f"rendering: {error}") from None


# --- written ---------------------------------------------------------------------------------------------------------


def _write_out(folder: Path, story: Story, events: Sequence[Scripted]) -> list[str]:
    """Write each message and the page; return what there is to say about it."""
    notes = []
    sent: dict[str, str] = {}
    prepare(folder)
    for number, (place, (planned, written)) in enumerate(sorted(story.letters.items()), 1):
        row = story.timeline[place]
        facts = replace(story.facts, now=datetime.fromisoformat(row["at"]))
        key = f"{row['step']}/{number}/{row['at']}"
        try:
            if planned.need.channel == SMS:
                text = text_message_of(planned, written, facts, key)
                write(folder / f"{number:02}-{row['step']}.txt", text.shown().encode())
                continue
            if planned.need.channel == WEBHOOK:
                told = webhook_message_of(planned, written, facts, ledger_id(key), facts.now)
                write(folder / f"{number:02}-{row['step']}.json", told.body)
                continue
            mail = as_mail(planned, written, facts, key, sent.get(planned.need.thread or ""))
        except BadLetter as error:
            notes.append(f"{row['step']}: would not go out: {error}")
            continue
        sent[row["step"]] = preview_id(key)
        write(folder / f"{number:02}-{row['step']}.eml", mail)
    write(folder / "timeline.html", page(story, events).encode("utf-8", "replace"))
    return [*notes, f"written: {folder / 'timeline.html'} and {len(story.letters)} messages beside it"]


def prepare(folder: Path) -> None:
    """Make the folder, without what an earlier run wrote there. Raises `ProblemsFound`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if OURS.fullmatch(old.name) and old.is_file():
                old.unlink()
    except OSError as error:
        raise ProblemsFound([f"{folder}: cannot be written ({error.strerror}); give another folder"]) from None


def write(path: Path, content: bytes) -> None:
    """Write a file. Raises `ProblemsFound`."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ProblemsFound([f"{path}: cannot be written ({error.strerror}); give another folder"]) from None
