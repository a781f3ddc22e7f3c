"""What `rapport why` answers from: everything that was decided about a contact, read once, as plain values."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, or_, select

from domain.case_letters import spoken_of
from domain.keys import ledger_id, send_key
from domain.loader import SEQUENCES
from domain.places import step_lines
from domain.policy_files import stem
from domain.zones import Zone, zone_of
from records.broadcast_models import Broadcast, BroadcastMember
from records.entry_models import WaitingEntry
from records.hold_models import Pause
from records.models import Contact, Decision, Enrolment, Interaction, Message
from records.pauses import as_hold
from records.published import Published
from records.published_models import Edition
from records.waiting_models import WaitingMessage
from starter.history import history_contact
from starter.standing import Stand, stands
from starter.why_came import what_came
from starter.why_said import Row
from starter.why_silence import Walk
from starter.why_tasks import stories, tasks_of

OWN_KINDS = ("entry", "end", "retry")


@dataclass(frozen=True)
class File:
    """The file a version was published from, and the line of each of its steps. A broadcast has none."""

    path: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Known:
    """One contact: runs with their rows, doors that stayed shut, messages, broadcasts, and what waits now."""

    contact: dict[str, Any]
    zone: Zone
    walks: list[Walk]
    doors: dict[str, list[Row]]
    messages: dict[str, Row]
    waiting: dict[str, WaitingMessage]
    entries: list[WaitingEntry]
    broadcasts: list[dict[str, Any]]
    files: dict[str, File]
    happened: dict[str, datetime]
    came: dict[str, list[Row]] = field(default_factory=dict)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    stories: dict[str, list[Row]] = field(default_factory=dict)
    """What the timeline tells of each task."""

    @property
    def who(self) -> str:
        """What a command names the contact by."""
        return str(self.contact.get("email") or self.contact["id"])


def known_of(session: Session, published: Published, contact: Contact, now: datetime) -> Known:
    """Read all of it."""
    mine = contact.id
    rows = _rows(session, mine)
    messages: dict[str, Row] = {
        each.id: _message(each) for each in session.exec(select(Message).where(Message.contact_id == mine))
    }
    standing = {each.enrolment: each for each in stands(session, published, mine, now)}
    runs = session.exec(
        select(Enrolment).where(Enrolment.contact_id == mine).order_by(col(Enrolment.entered_at), col(Enrolment.id))
    ).all()
    waits = session.exec(select(WaitingMessage).where(WaitingMessage.contact_id == mine)).all()
    entries = session.exec(
        select(WaitingEntry).where(WaitingEntry.contact_id == mine).order_by(col(WaitingEntry.due_at))
    )
    pauses = _pauses(session, mine, {run.sequence for run in runs})
    person = history_contact(contact)
    policies = published.policies(session)
    doors: dict[str, list[Row]] = defaultdict(list)
    for row in rows.get(None, ()):
        doors[str(row["sequence"])].append(row)
    versions = {row["version"] for of_run in rows.values() for row in of_run if row["version"]}
    return Known(
        contact=person,
        zone=zone_of(person, None, policies.messaging.organisation.time_zone),
        walks=[_walk(run, rows.get(run.id, []), standing.get(run.id), pauses) for run in runs],
        doors=dict(doors),
        messages=messages,
        waiting={each.enrolment_id: each for each in waits},
        entries=list(entries),
        broadcasts=_broadcasts(session, mine),
        files=_files(session, published, versions | {run.version for run in runs}),
        happened=_happened(session, mine),
        came=what_came(session, mine),
        tasks=tasks_of(session, mine, now),
        stories=stories(session, mine),
    )


def _walk(run: Enrolment, rows: Sequence[Row], stand: Stand | None, pauses: Sequence[Row]) -> Walk:
    names = "id sequence version state wave entered_at ended_at end_reason end_detail"
    inside = [
        each
        for each in pauses
        if each["sequence"] == run.sequence
        and (each["ends"] is None or each["ends"] > run.entered_at)
        and (run.ended_at is None or each["at"] < run.ended_at)
    ]
    known = {name: getattr(run, name) for name in names.split()} | {"spoken_of": spoken_of(run.sequence, run.event)}
    return Walk(known, rows, stand, inside)


def _pauses(session: Session, contact: str, sequences: set[str]) -> list[Row]:
    """Return the pauses of a contact, and those of the whole sequences they were in, oldest first."""
    whom = or_(col(Pause.contact_id) == contact, col(Pause.contact_id).is_(None))
    found = select(Pause).where(whom, col(Pause.sequence).in_(sorted(sequences))).order_by(col(Pause.id))
    return [
        {
            "kind": "pause",
            "at": each.paused_at,
            "ends": as_hold(each.paused_at, each.until, each.resumed_at).until,
            "whom": "the contact" if each.contact_id else "everybody",
            **{name: getattr(each, name) for name in ("id", "sequence", "until", "resumed_at", "by", "reason")},
        }
        for each in session.exec(found)
    ]


def _rows(session: Session, contact: str) -> dict[str | None, list[Row]]:
    """Return the decision log by run, in the order of writing; what was decided at doors alone stands under None."""
    log: dict[str | None, list[Row]] = defaultdict(list)
    mine = select(Decision).where(Decision.contact_id == contact).order_by(col(Decision.at), col(Decision.id))
    for each in session.exec(mine):
        log[each.enrolment_id].append(row_of(each))
    return log


def row_of(decision: Decision) -> dict[str, Any]:
    """Return a row of the log as plain values; of a message with the id that the ledger knows it by."""
    names = "id at enrolment_id sequence version step visit asked did final shown why more event_id"
    kind = decision.kind if decision.kind in OWN_KINDS else "decision"
    row = {"kind": kind, "step_kind": decision.kind, **{name: getattr(decision, name) for name in names.split()}}
    if decision.enrolment_id is None or decision.step is None:
        return row
    key = send_key(decision.enrolment_id, decision.step, decision.visit)
    return row | {"message": decision.more.get("message") or ledger_id(key)}


def _message(message: Message) -> dict[str, Any]:
    row = message.model_dump(exclude={"send_key", "attempt", "class_", "recipient"})
    return {"class": message.class_, **row}


def _broadcasts(session: Session, contact: str) -> list[dict[str, Any]]:
    of_it = select(BroadcastMember, Broadcast).join(Broadcast, col(Broadcast.id) == col(BroadcastMember.broadcast_id))
    mine = of_it.where(BroadcastMember.contact_id == contact).order_by(col(BroadcastMember.id))
    return [
        {
            "broadcast": each.name,
            "sequence": each.sequence,
            "template": each.other if member.arm == "b" else each.template,
            "segment": each.segment,
            "taken_at": each.taken_at,
            "state": member.state,
            "reason": member.reason,
            "enrolment": member.enrolment_id,
            "of": each.state,
        }
        for member, each in session.exec(mine)
    ]


def _files(session: Session, published: Published, versions: set[Any]) -> dict[str, File]:
    editions = session.exec(select(Edition).where(col(Edition.version).in_(sorted(map(str, versions))))).all()
    return {each.version: _file(published.files(session, each.bundle), each.sequence) for each in editions}


def _file(files: Mapping[str, str], sequence: str) -> File:
    for path, text in files.items():
        if path.startswith(SEQUENCES) and stem(path) == sequence:
            return File(path, step_lines(path, text))
    return File()


def _happened(session: Session, contact: str) -> dict[str, datetime]:
    last = select(Interaction.name, func.max(Interaction.at)).where(Interaction.contact_id == contact)
    return dict(session.exec(last.group_by(col(Interaction.name))).all())
