"""Facts from the records: what rules need to know of many contacts, read in a handful of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, or_, select

from domain.caps import Counted
from domain.cases import Standstill
from domain.duplicates import Alike
from domain.events import CONTACT_FIELDS
from domain.facts import NO_PROGRAM, Event, Facts, Standing
from domain.opening import TIMED_OUT
from domain.own_wishes import Wishes
from domain.policies import Policies
from domain.program import Program
from records.models import Contact, Decision, Enrolment, Interaction, Message, Record
from records.pauses import Pauses, read_pauses
from records.permissions import Person, read_standings
from records.permissions import Withdrawn as Withdrawn
from records.permissions import nobody as nobody
from records.permissions import what_holds as what_holds
from records.service_cases import standstills
from records.waits import Waits
from records.work import answers_of, follow_ups_begun

# A timeline longer than this is read from its newest end: conditions ask about days, not about years of opens.
MOST_EVENTS = 2_000


@dataclass
class Known:
    """The rows of many contacts, by contact and by enrolment."""

    contacts: dict[str, Contact] = field(default_factory=dict)
    enrolments: dict[str, Enrolment] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    events: dict[str, list[Event]] = field(default_factory=dict)
    taken: dict[str, list[int]] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    sends: dict[str, dict[str, int]] = field(default_factory=dict)
    begun: dict[str, dict[tuple[str, int], datetime]] = field(default_factory=dict)
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    pauses: Pauses = field(default_factory=Pauses)
    cases: Mapping[str, Sequence[Standstill]] = field(default_factory=dict)
    counted: Mapping[str, Sequence[Counted]] = field(default_factory=dict)
    waits: Waits = field(default_factory=Waits)
    alike: Mapping[str, Sequence[Alike]] = field(default_factory=dict)
    surveyed: Mapping[str, datetime] = field(default_factory=dict)

    def facts(
        self, enrolment: str, program: Program, policies: Policies, now: datetime, round: int | None = None
    ) -> Facts:
        """Return the facts of one enrolment, `round` of a repeat among them. Raises KeyError."""
        row = self.enrolments[enrolment]
        events = self.events.get(row.contact_id, [])
        taken = self.taken.get(enrolment, [])
        return Facts(
            now=now,
            program=program,
            policies=policies,
            contact=contact_fields(self.contacts[row.contact_id]),
            entered_at=row.entered_at,
            enrolment=enrolment,
            run_event=row.event,
            events=events,
            # What started the run has moved it already.
            taken=frozenset(taken if row.event_id is None else [*taken, row.event_id]),
            matched=next((event for event in events if taken and event.id == taken[-1]), None),
            outcome=self.outcomes.get(enrolment),
            sends=self.sends.get(enrolment, {}),
            begun=self.begun.get(enrolment, {}),
            calls=self.calls.get(enrolment, {}),
            counted=self.counted.get(row.contact_id, ()),
            put_off=self.waits.of_others(row.contact_id, enrolment),
            waited_for=self.waits.reasons.get(enrolment, ""),
            alike=self.alike.get(row.contact_id, ()),
            surveyed=self.surveyed.get(row.contact_id),
            cases=self.cases.get(row.contact_id, ()),
            standing=self.standings[row.contact_id],
            wishes=_wishes(self.contacts[row.contact_id]),
            holds=self.pauses.holds.get((row.contact_id, program.sequence), ()),
            suspended=self.pauses.suspended.get(program.sequence),
            round=round,
        )


def _wishes(row: Any) -> Wishes:
    return Wishes(row.quiet_hours, row.paused_until)


def contact_fields(contact: Contact) -> dict[str, Any]:
    """Return a contact as conditions and templates see it: plain values, own fields beside the built-in ones."""
    own = {name: value for name, value in contact.fields.items() if name not in CONTACT_FIELDS}
    return own | {name: getattr(contact, name) for name in sorted(CONTACT_FIELDS)}


def read_known(session: Session, enrolments: Sequence[str], withdrawn: Withdrawn = nobody) -> Known:
    """Read everything rules may ask about these enrolments."""
    rows = session.exec(select(Enrolment).where(col(Enrolment.id).in_(enrolments))).all()
    known = read_contacts(session, sorted({row.contact_id for row in rows}), withdrawn)
    known.enrolments = {row.id: row for row in rows}
    known.taken, known.outcomes = _moved(session, enrolments)
    known.sends = _sends(session, enrolments)
    known.begun = follow_ups_begun(session, enrolments)
    known.calls = answers_of(session, enrolments)
    return known


def read_contacts(session: Session, contacts: Sequence[str], withdrawn: Withdrawn = nobody) -> Known:
    """Read what rules may ask about contacts, whatever they are enrolled in."""
    rows = session.exec(select(Contact).where(col(Contact.id).in_(contacts))).all()
    return Known(
        contacts={row.id: row for row in rows},
        standings=read_standings(session, [_person(row, row.id) for row in rows], withdrawn),
        events=_events(session, contacts),
        pauses=read_pauses(session, contacts),
        cases=standstills(session, contacts),
    )


def asked_outside(session: Session, policies: Policies, contact: Contact, now: datetime) -> Facts:
    """Return what conditions may ask of a contact outside of any sequence."""
    known = read_contacts(session, [contact.id])
    return Facts(
        now=now,
        program=NO_PROGRAM,
        policies=policies,
        contact=contact_fields(contact),
        entered_at=now,
        events=known.events.get(contact.id, ()),
        standing=known.standings[contact.id],
    )


def _person(row: Any, id: str) -> Person:
    return Person.of(id, {"email": row.email, "phone": row.phone, "country": row.country}, row.erased_at)


# Asked twice for every message, so it is built once; the rows are read as they are, without objects.
_RUN = (
    select_columns(
        col(Enrolment.id),
        col(Enrolment.contact_id),
        col(Enrolment.ended_at),
        col(Enrolment.end_reason),
        col(Contact.email),
        col(Contact.phone),
        col(Contact.country),
        col(Contact.erased_at),
        col(Contact.quiet_hours),
        col(Contact.paused_until),
    )
    .join(Contact, col(Contact.id) == col(Enrolment.contact_id))
    .where(col(Enrolment.id).in_(bindparam("enrolments", expanding=True)))
    .order_by(col(Enrolment.id))
    # Held until the commit (SQLite has one writer anyway): a run that another worker ends now, ends after it.
    .with_for_update(read=True, of=Record.metadata.tables["enrolment"])
)


def read_again(session: Session, facts: Facts, now: datetime, withdrawn: Withdrawn = nobody) -> Facts | str:
    """Return the facts with what can forbid a message read afresh: address, consent, suppression, pauses, cases.

    Returns how the run ended instead, if it has. The timeline and the other fields stay as they were read. For a
    transaction that writes: the run cannot end before it does.
    """
    return read_all_again(session, [facts], now, withdrawn)[facts.enrolment]


def read_all_again(
    session: Session, many: Sequence[Facts], now: datetime, withdrawn: Withdrawn = nobody
) -> dict[str, Facts | str]:
    """Return, by enrolment, what `read_again` returns of each."""
    rows = session.connection().execute(_RUN, {"enrolments": [facts.enrolment for facts in many]})
    runs = {run.id: run for run in rows}
    living = [run for run in runs.values() if run.ended_at is None]
    contacts = sorted({run.contact_id for run in living})
    pauses, cases = read_pauses(session, contacts), standstills(session, contacts)
    standings = read_standings(session, [_person(run, run.contact_id) for run in living], withdrawn)
    found: dict[str, Facts | str] = {}
    for facts in many:
        run, sequence = runs.get(facts.enrolment), facts.program.sequence
        if run is None or run.ended_at is not None:
            found[facts.enrolment] = (run.end_reason or "ended") if run is not None else "erased"
            continue
        found[facts.enrolment] = replace(
            facts,
            now=now,
            contact={**facts.contact, "email": run.email, "phone": run.phone},
            standing=standings[run.contact_id],
            wishes=_wishes(run),
            holds=pauses.holds.get((run.contact_id, sequence), ()),
            suspended=pauses.suspended.get(sequence),
            cases=cases.get(run.contact_id, ()),
        )
    return found


def event_of(row: Interaction) -> Event:
    """Return a row of the timeline as conditions see it."""
    assert row.id is not None, "a row that was read has an id"
    return Event(
        id=row.id, name=row.name, at=row.at, data=row.data, enrolment=row.enrolment_id, step=row.step, visit=row.visit
    )


def _events(session: Session, contacts: Sequence[str]) -> dict[str, list[Event]]:
    events: dict[str, list[Event]] = defaultdict(list)
    theirs = col(Interaction.contact_id).in_(contacts)
    rows = select(Interaction).where(theirs)
    counts = session.exec(select(func.count()).where(theirs).group_by(col(Interaction.contact_id)))
    if any(count > MOST_EVENTS for count in counts):
        # A robot that opens every mail a thousand times must not make everybody wait for its timeline to be read.
        newest_first = func.row_number().over(
            partition_by=col(Interaction.contact_id), order_by=col(Interaction.id).desc()
        )
        aged = select(col(Interaction.id), newest_first.label("age")).where(theirs).subquery()
        rows = rows.join(aged, aged.c.id == col(Interaction.id)).where(aged.c.age <= MOST_EVENTS)
    # By receipt: urgent rows are drained first, and what was parked long after.
    for row in session.exec(rows.order_by(col(Interaction.at), col(Interaction.id))):
        events[row.contact_id].append(event_of(row))
    return dict(events)


def _moved(session: Session, enrolments: Sequence[str]) -> tuple[dict[str, list[int]], dict[str, str]]:
    """Return the events that moved each run, in order (one event moves a run once), and its last task's outcome."""
    taken: dict[str, list[int]] = defaultdict(list)
    outcomes: dict[str, str] = {}
    rows = (
        select(Decision.enrolment_id, Decision.event_id, Decision.kind, Decision.more)
        .where(
            col(Decision.enrolment_id).in_(enrolments),
            or_(col(Decision.event_id).is_not(None), (col(Decision.kind) == "task") & (col(Decision.did) == TIMED_OUT)),
        )
        .order_by(col(Decision.id))
    )
    for enrolment, event, kind, more in session.exec(rows):
        if enrolment is not None and event is not None:
            taken[enrolment].append(event)
        if enrolment is not None and kind == "task":
            outcomes[enrolment] = str(more.get("outcome", TIMED_OUT))
    return taken, outcomes


def _sends(session: Session, enrolments: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return, of every step whose last message was accepted, the visit that message belongs to."""
    last: dict[tuple[str, str], tuple[int, bool]] = {}
    rows = select(Message.enrolment_id, Message.step, Message.visit, Message.state).where(
        col(Message.enrolment_id).in_(enrolments)
    )
    for enrolment, step, visit, state in session.exec(rows):
        if enrolment is not None and step is not None:
            last[enrolment, step] = max(last.get((enrolment, step), (0, False)), (visit, state == "accepted"))
    sends: dict[str, dict[str, int]] = defaultdict(dict)
    for (enrolment, step), (visit, accepted) in last.items():
        if accepted:
            sends[enrolment][step] = visit
    return sends
