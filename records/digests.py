"""Lists of the day: who is to be told what now, and the notes by which they are.

The one thing to know: a day is judged once for each person, by a row of `staff_note` with a key of its own. Whoever had
nothing to do when their hours began has a row that is skipped, so that no list comes at noon.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, or_, select

from domain.assignment import Staff
from domain.case_notes import case_title, promise_meant
from domain.digest import Digest, Due, Entry, clock_of, digest_due, digest_of
from domain.follow_up import accept_due, done_due
from domain.holds import hold_at
from domain.keys import digest_key, ledger_id
from domain.policies import Policies
from domain.promise_words import promise_named
from domain.recovery import Case
from domain.staff_notes import contact_name
from domain.teams import Absence
from domain.zones import zone_named, zone_of
from records.case_approvals import approvals_of
from records.case_models import ServiceCase
from records.facts import contact_fields
from records.follow_up_models import FollowUp, StaffNote
from records.follow_up_rows import state_of
from records.models import Contact
from records.staffing import absences
from records.unique import add_if_new

DIGEST = "digest"
NOTHING = "nothing is open"


def due_digests(session: Session, policies: Policies, now: datetime) -> list[tuple[str, Due]]:
    """Return who is to be told their day now, and was not yet."""
    due = list(_all_due(session, policies, now))
    keys = [digest_key(person, each.day) for person, each in due]
    there = set(session.exec(select(StaffNote.key).where(col(StaffNote.key).in_(keys))).all()) if keys else set()
    return [(person, each) for person, each in due if digest_key(person, each.day) not in there]


def _all_due(session: Session, policies: Policies, now: datetime) -> Iterator[tuple[str, Due]]:
    away = absences(session, now) if policies.teams.people else {}
    for person in policies.teams.people:
        due = digest_due(_staff(policies, person, away), person, now)
        if due is not None:
            yield person, due


def write_digests(session: Session, policies: Policies, now: datetime) -> int:
    """Write the notes that tell people their day, once each; return how many there are to be posted."""
    written = 0
    for person, due in due_digests(session, policies, now):
        key, is_empty = digest_key(person, due.day), read_digest(session, policies, person, now).is_empty
        row = StaffNote(
            id=ledger_id(key),
            key=key,
            person=person,
            team=policies.teams.team_of(person),
            about=DIGEST,
            data={"day": due.day.isoformat(), "until": due.until.isoformat()},
            at=now,
            state="skipped" if is_empty else "waiting",
            reason=NOTHING if is_empty else None,
        )
        written += add_if_new(session, row) and not is_empty
    return written


def why_not_told(session: Session, policies: Policies, note: StaffNote, now: datetime) -> str | None:
    """Return why a note of a day is of no use any more, None if it is.

    Its links are theirs alone: where they cannot be reached nobody else is told.
    """
    person = note.person or ""
    if person not in policies.teams.people:
        return f"{person} has left"
    if note.to_team:
        return f"{person} cannot be written to"
    if now >= datetime.fromisoformat(note.data["until"]):
        return "the morning was over before it could leave"
    return NOTHING if read_digest(session, policies, person, now).is_empty else None


def read_digest(session: Session, policies: Policies, person: str, now: datetime) -> Digest:
    """Return what somebody has open now; a lead also what of their teams is overdue, or nobody's."""
    teams, zone = policies.teams, _zone(policies)
    leads = [name for name, team in teams.teams.items() if team.role("lead") == person]
    clock = clock_of(_staff(policies, person, {}), person)
    found = digest_of(_entries(session, policies, person, leads, zone, now), person, leads, now, clock)
    return replace(found, approvals=tuple(approvals_of(session, policies, person)))


def _entries(
    session: Session, policies: Policies, person: str, leads: list[str], zone: ZoneInfo, now: datetime
) -> Iterator[Entry]:
    concerned = or_(col(FollowUp.assignee) == person, col(FollowUp.assignee).is_(None), col(FollowUp.team).in_(leads))
    rows = select(FollowUp, Contact).join(Contact, col(Contact.id) == col(FollowUp.contact_id))
    open_ones = rows.where(col(FollowUp.ended_at).is_(None), concerned, col(Contact.erased_at).is_(None))
    for row, contact in session.exec(open_ones.order_by(col(FollowUp.id))):
        yield _entry(session, row, contact, policies, zone, now)


def _entry(
    session: Session, row: FollowUp, contact: Contact, policies: Policies, zone: ZoneInfo, now: datetime
) -> Entry:
    state, fields = state_of(row), contact_fields(contact)
    theirs = zone_of(fields, None, str(zone)).zone
    staff = Staff(policies.teams, row.team, theirs, policies.calendars)
    promise, due = promise_meant(state, "", staff) if state.is_case else ("", done_due(state, staff))
    hold = hold_at((each for each in state.holds if each.paused_at <= now), now)
    return Entry(
        follow_up=row.id,
        title=_title(session, row),
        contact=contact_name(fields),
        team=row.team,
        assignee=row.assignee,
        offered=state.offered,
        accepted=state.accepted_at is not None,
        accept_by=accept_due(state, staff),
        due=due,
        promise=promise_named(promise) if promise else "",
        waits_until=hold.until if hold is not None else None,
    )


def _title(session: Session, row: FollowUp) -> str:
    """Return what a follow-up is called; that of a case has its number in front."""
    case = session.get(ServiceCase, row.case_id) if row.case_id is not None else None
    return row.title if case is None or not case.state else case_title(Case.model_validate(case.state), row.title, "en")


def _staff(policies: Policies, person: str, away: Mapping[str, tuple[Absence, ...]]) -> Staff:
    return Staff(policies.teams, policies.teams.team_of(person), _zone(policies), policies.calendars, away)


def _zone(policies: Policies) -> ZoneInfo:
    return zone_named(policies.messaging.organisation.time_zone)
