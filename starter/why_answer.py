"""The answer of `rapport why`, put together: for each run its head, what was decided, and what it waits for now.

Pure: what is known in, blocks of sentences out. Each block is of one run, one door or one broadcast, oldest first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from domain.zones import wall
from starter.telling import ended
from starter.why_came import of_events
from starter.why_known import File, Known
from starter.why_rules import DOOR, NOT_FINAL, PATIENCE, in_time, rule_of, way_out
from starter.why_said import Row, Said, in_order, instant, of_messages, of_pauses, said, short
from starter.why_silence import Walk, in_window, never_at, nothing_sent
from starter.why_tasks import of_task, task_head, task_now


@dataclass(frozen=True)
class Question:
    """What is asked about: all of it, or one sequence, one step, one message, one day or instant."""

    sequence: str | None = None
    step: str | None = None
    message: str | None = None
    at: date | datetime | None = None

    def window(self, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Return from when until when is asked about: a day on the contact's clock, or the minute of an instant."""
        if self.at is None:
            return None
        if isinstance(self.at, datetime):
            minute = self.at.replace(second=0, microsecond=0)
            return minute, minute + timedelta(minutes=1)
        begin = wall(self.at, time(), zone)
        return begin, wall(self.at + timedelta(days=1), time(), zone)


@dataclass(frozen=True)
class Block:
    """What is told of one run, door or broadcast: its head, its sentences, and where it stands now."""

    head: str
    sequence: str
    file: File = field(default_factory=File)
    told: Sequence[Said] = ()
    now: Sequence[str] = ()


@dataclass(frozen=True)
class Answer:
    """Blocks, and what is to be said of what never happened."""

    blocks: Sequence[Block]
    never: Sequence[str] = ()


def answered(known: Known, question: Question) -> Answer:
    """Return the answer to a question about a contact."""
    zone = known.zone.zone
    walks = [each for each in known.walks if question.sequence in (None, each.run["sequence"])]
    window = question.window(zone)
    blocks = [*_runs(known, walks, question, window), *_tasks(known, question, window)]
    blocks += _doors(known, question, window)
    if question.step is None and question.message is None and window is None:
        blocks += _broadcasts(known, question)
    never: list[str] = []
    if question.step is not None:
        never += [
            never_at(question.step, walk, zone)
            for walk in walks
            if not any(row["step"] == question.step for row in walk.rows) and not _stands_at(walk, question.step)
        ]
    if window is not None:
        never += nothing_sent(*window, walks, zone, day=not isinstance(question.at, datetime))
    return Answer(blocks, never)


def _stands_at(walk: Walk, step: str) -> bool:
    return walk.stand is not None and walk.stand.step == step


def _asked_about(row: Row, question: Question, window: tuple[datetime, datetime] | None) -> bool:
    return (
        (question.step is None or row["step"] == question.step)
        and (question.message is None or row.get("message") == question.message)
        and (window is None or bool(in_window([row], *window)))
    )


def _pause_asked_about(pause: Row, question: Question, window: tuple[datetime, datetime] | None) -> bool:
    of_a_step = question.step is not None or question.message is not None
    return not of_a_step and (window is None or bool(in_window([pause], *window)))


def _runs(
    known: Known, walks: Sequence[Walk], question: Question, window: tuple[datetime, datetime] | None
) -> Iterator[Block]:
    zone = known.zone.zone
    for walk in walks:
        rows = [row for row in walk.rows if _asked_about(row, question, window)]
        spoken_of = {row.get("message") for row in walk.rows if row["final"]}
        mine = (row for row in known.messages.values() if row["enrolment_id"] == walk.run["id"])
        silent = [row for row in mine if row["id"] not in spoken_of]
        left = [
            each
            for each in of_messages(silent, zone)
            if _asked_about({**each.rows[0], "at": each.last, "message": each.rows[0]["id"]}, question, window)
        ]
        paused = of_pauses([each for each in walk.pauses if _pause_asked_about(each, question, window)], zone)
        came = [row for row in known.came.get(walk.run["id"], ()) if _asked_about(row, question, window)]
        told = in_order([*of_events(came, zone), *said(rows, known.messages, zone, known.who), *left, *paused])
        now = _now(known, walk, question) if window is None else ()
        if told or (now and question.message is None):
            file = known.files.get(walk.run["version"], File())
            yield Block(_head(walk, file, zone), walk.run["sequence"], file, told, list(now))


def _tasks(known: Known, question: Question, window: tuple[datetime, datetime] | None) -> Iterator[Block]:
    zone = known.zone.zone
    for task in known.tasks:
        if question.sequence in (None, task["sequence"]):
            rows = [row for row in known.stories.get(task["id"], ()) if _asked_about(row, question, window)]
            if rows:
                now = [] if window is not None else list(task_now(task, zone))
                yield Block(task_head(task, zone), task["sequence"] or "", told=of_task(rows, zone), now=now)


def _head(walk: Walk, file: File, zone: tzinfo) -> str:
    run = walk.run
    version = f"{file.path + ', ' if file.path else ''}version {short(run['version'])}"
    how = ended(run["end_reason"] or "ended") if run["ended_at"] is not None else "goes on"
    over = f"{how}, {instant(run['ended_at'], zone)}" if run["ended_at"] is not None else how
    return f"{run.get('spoken_of', run['sequence'])}: entered {instant(run['entered_at'], zone)}, {over} ({version})"


def _now(known: Known, walk: Walk, question: Question) -> Iterator[str]:
    """Say what a run waits for, until when, because of what, and what would let it go."""
    stand, zone = walk.stand, known.zone.zone
    if stand is None or stand.end is not None or stand.step is None or question.step not in (None, stand.step):
        return
    until = f" until {instant(stand.until, zone)}" if stand.until is not None else ""
    yield f"waits at {stand.step}{until}" + (f": {stand.why}" if stand.why else "")
    late = [row for row in walk.rows if row["step"] == stand.step][-1:]
    rule = rule_of(late[0]) if late and late[0]["did"] in NOT_FINAL else None
    if rule is not None:
        out = way_out(rule, walk.run["sequence"], known.who)
        yield f"by {rule.where}; what lets it go: {in_time(out) if late[0]['more'].get('in_vain') else out}"
    if walk.run["id"] in known.waiting:
        id = next((str(row["message"]) for row in late if row.get("message")), "ID")
        yield f"`rapport message release {id}` has it asked for again now; see `rapport message list --held`"


def _doors(known: Known, question: Question, window: tuple[datetime, datetime] | None) -> Iterator[Block]:
    if question.step is not None or question.message is not None:
        return
    zone = known.zone.zone
    for sequence, log in known.doors.items():
        if question.sequence not in (None, sequence):
            continue
        rows = [row for row in log if _asked_about(row, question, window)]
        now = [_entry(known, each) for each in known.entries if each.sequence == sequence and window is None]
        if rows or now:
            version = log[-1]["version"] or ""
            file = known.files.get(version, File())
            which = f" ({file.path + ', ' if file.path else ''}version {short(version)})" if version else ""
            head = f"{sequence}: at the door{which}"
            yield Block(head, sequence, file, said(rows, known.messages, zone, known.who), now)


def _entry(known: Known, entry: Any) -> str:
    rule = DOOR.get(entry.asks)
    out = way_out(rule, entry.sequence, known.who) if rule is not None else PATIENCE
    until = instant(entry.until, known.zone.zone)
    return f"waits to enter ({entry.asks}) until {until} at most; what lets it in: {out}"


MEMBERS = {
    "waiting": "waits to be let in",
    "entered": "was let in; see its run",
    "refused": "was not let in",
    "gone": "was gone when their turn came",
    "left_out": "was left out: the broadcast was stopped",
}


def _broadcasts(known: Known, question: Question) -> Iterator[Block]:
    for each in known.broadcasts:
        if question.sequence not in (None, each["sequence"]):
            continue
        taken = f", taken down {instant(each['taken_at'], known.zone.zone)}" if each["taken_at"] else ""
        reason = f": {each['reason']}" if each["reason"] else ""
        said_of_it = f"was in its audience (segment {each['segment']}{taken}) and {MEMBERS[each['state']]}{reason}"
        yield Block(f"broadcast {each['broadcast']}: {each['template']}", each["sequence"], now=[said_of_it])
