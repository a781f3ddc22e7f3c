"""How runs begin: a contact at the door of a sequence, let in, refused, held out, or asked to wait.

Whatever is decided is written in the transaction of its cause, one decision for each entry. That nobody is in twice is
kept by unique constraints; whoever finds a place taken by another worker meanwhile is asked everything again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update
from uuid_utils.compat import uuid7

from domain.admission import Before, Rival
from domain.entry import Entry, may_enter, meant, per_of
from domain.facts import Event, Facts
from domain.keys import group_slot, slot
from domain.program import Program, Trigger
from records.at_the_door import place_of, stand
from records.entry_models import Holdout, WaitingEntry
from records.facts import read_contacts
from records.models import Contact, Decision, Enrolment
from records.published import Published
from records.runs import end, stir
from records.unique import add_if_new

# How often an entry is asked anew because another worker took the place that was free a moment ago.
TRIES = 5


@dataclass(frozen=True)
class Asking:
    """A contact at the door of a program: by what, with which data, since when.

    `trigger` is None when a person enrols by hand. `asked_at` is when its trigger was received, `now` when it is asked.
    """

    program: Program
    contact: Contact
    now: datetime
    asked_at: datetime
    data: dict[str, Any]
    triggers: tuple[Trigger, ...] = ()
    event: Event | None = None
    event_id: int | None = None
    waited: str | None = None

    @property
    def entered_at(self) -> datetime:
        """The instant of entry: that of the trigger, unless the contact or another sequence had to come first."""
        return self.asked_at if self.waited in (None, "where") else self.now


def enter(
    session: Session,
    published: Published,
    program: Program,
    contact: Contact,
    now: datetime,
    *,
    trigger: Trigger | None = None,
    others: Sequence[Trigger] = (),
    event: Event | None = None,
    data: dict[str, Any] | None = None,
) -> tuple[Entry, Enrolment | None]:
    """Let a contact enter, or write down which check refused it or put it off.

    `trigger` is None when a person enrols by hand. `others` are more triggers of the same sequence that this event is.
    """
    along = dict(event.data if event is not None else data or {})
    asking = Asking(
        program=program,
        contact=contact,
        now=now,
        asked_at=now,
        data=trigger.starts_with(along) if trigger is not None else along,
        triggers=(trigger, *others) if trigger is not None else (),
        event=event,
        event_id=event.id if event is not None else None,
    )
    chosen, entry, enrolment = decide(session, published, asking)
    if entry.waits_until is not None:
        row = WaitingEntry(
            contact_id=contact.id,
            sequence=program.sequence,
            asks=entry.check,
            trigger=chosen.model_dump(exclude_none=True) if chosen is not None else None,
            event=asking.data,
            event_id=asking.event_id,
            asked_at=now,
            until=entry.waits_until,
            due_at=entry.waits_until,
        )
        row.slot = place_of(program, row, entry)
        stand(session, row, now)
    return entry, enrolment


def decide(session: Session, published: Published, asking: Asking) -> tuple[Trigger | None, Entry, Enrolment | None]:
    """Ask every check, and write what follows: the decision, the run, the holdout, the runs that give way."""
    program, contact = asking.program, asking.contact
    facts = facts_at_door(session, published, asking)
    trigger = asking.triggers[0] if asking.triggers else None
    if asking.event is not None and asking.triggers:
        trigger = meant(asking.triggers, asking.event, facts)
    entry, enrolment = _take_place(session, published, asking, facts, trigger)
    if entry.check == "holdout":
        _hold_out(session, asking, entry)
    if entry.waits_until is None or entry.check != asking.waited:
        write_down(session, contact.id, program.sequence, program.version, entry, enrolment, asking.now)
    return trigger, entry, enrolment


def _take_place(
    session: Session, published: Published, asking: Asking, facts: Facts, trigger: Trigger | None
) -> tuple[Entry, Enrolment | None]:
    for _ in range(TRIES):
        before = _before(session, published, asking.program, asking.contact, per_of(facts))
        entry = may_enter(facts, before, trigger, asking.event, asking.asked_at)
        if not entry.enters:
            return entry, None
        try:
            with session.begin_nested():
                _make_way(session, published, asking, entry)
                return entry, _enrol(session, published, asking, entry)
        except IntegrityError:
            continue  # another worker was quicker: with its run in place the answer is another one
    raise RuntimeError(f"{asking.program.sequence}: the place of a contact is taken and free again; try again")


def facts_at_door(session: Session, published: Published, asking: Asking) -> Facts:
    """Return what is known of a contact that is not in the sequence yet."""
    known = read_contacts(session, [asking.contact.id])
    known.enrolments[""] = Enrolment(
        id="",
        contact_id=asking.contact.id,
        sequence=asking.program.sequence,
        version="",
        event=asking.data,
        event_id=asking.event_id,
        entered_at=asking.entered_at,
    )
    return known.facts("", asking.program, published.policies(session), asking.now)


def _before(session: Session, published: Published, program: Program, contact: Contact, per: str | None) -> Before:
    same = (
        Enrolment.contact_id == contact.id,
        Enrolment.sequence == program.sequence,
        col(Enrolment.per).is_(per) if per is None else Enrolment.per == per,
    )
    rows = session.exec(select(Enrolment.id, Enrolment.state, Enrolment.ended_at).where(*same)).all()
    ended = [ended_at for _, _, ended_at in rows if ended_at is not None]
    runs = tuple(id for id, state, _ in rows if state != "ended")
    return Before(
        ever=bool(rows),
        open=bool(runs),
        last_ended_at=max(ended, default=None),
        runs=runs,
        rivals=_rivals(session, published, program, contact),
    )


def _rivals(session: Session, published: Published, program: Program, contact: Contact) -> tuple[Rival, ...]:
    if program.group is None:
        return ()
    inside = select(Enrolment).where(Enrolment.group_slot == group_slot(contact.id, program.group))
    return tuple(
        Rival(row.id, row.sequence, published.program(session, row.version).priority) for row in session.exec(inside)
    )


def _make_way(session: Session, published: Published, asking: Asking, entry: Entry) -> None:
    """End the runs whose place is taken, in the transaction that takes it."""
    for run in entry.replaces:
        row = session.get(Enrolment, run)
        if row is None:
            continue
        anew = row.sequence == asking.program.sequence
        why = "it begins anew" if anew else f"{asking.program.sequence} takes its place in {asking.program.group}"
        if end(session, published.program(session, row.version), row, "replaced", asking.now, [why]):
            stir(session, row, asking.now)


def _enrol(session: Session, published: Published, asking: Asking, entry: Entry) -> Enrolment:
    program, contact = asking.program, asking.contact
    place = None if program.again.rule == "always" else slot(contact.id, program.sequence, entry.per)
    if place is not None and program.again.rule != "never":
        # An earlier version of the sequence may have said `never`: its runs kept their place, and now may come back.
        kept = update(Enrolment).where(col(Enrolment.slot) == place, col(Enrolment.ended_at).is_not(None))
        session.exec(kept.values(slot=None))
    enrolment = Enrolment(
        id=str(uuid7()),
        contact_id=contact.id,
        sequence=program.sequence,
        version=program.version,
        bundle=published.bundle(session),
        slot=place,
        group_slot=group_slot(contact.id, program.group) if program.group is not None else None,
        per=entry.per,
        event=asking.data,
        event_id=asking.event_id,
        entered_at=asking.entered_at,
    )
    session.add(enrolment)
    session.flush()
    return enrolment


def _hold_out(session: Session, asking: Asking, entry: Entry) -> None:
    row = Holdout(
        sequence=asking.program.sequence,
        version=asking.program.version,
        contact_id=asking.contact.id,
        per=entry.per or "",
        event=asking.data,
        held_at=asking.now,
    )
    add_if_new(session, row)  # held out once, however often they would have entered


def write_down(
    session: Session,
    contact: str,
    sequence: str,
    version: str | None,
    entry: Entry,
    enrolment: Enrolment | None,
    now: datetime,
) -> None:
    """Write one decision about an entry."""
    waits = entry.waits_until is not None
    session.add(
        Decision(
            contact_id=contact,
            enrolment_id=enrolment.id if enrolment else None,
            sequence=sequence,
            version=version,
            kind="entry",
            did="entered" if entry.enters else f"{'waits' if waits else 'refused'}:{entry.check}",
            at=now,
            why=entry.why,
            more={"until": entry.waits_until.isoformat()} if entry.waits_until is not None else {},
        )
    )
