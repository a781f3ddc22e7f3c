"""Cases as they move: opened or joined, looked at when something is due, acted on by people, moved by the customer.

The one thing to know: a move takes the case's row, held until the commit, and returns what the timeline is told; the
caller records that in the same transaction (`records/timeline.py`). What dies before the commit has done nothing of it;
what is done twice finds its alarm rung, its action told or its letter written, and does nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from domain.cases import CLOSED
from domain.recovery import Case, Ground, Moved, then
from domain.recovery_actions import Approved, CaseAction, Commented, Proposed, with_words, words_of
from domain.recovery_doing import done, refused
from domain.recovery_moves import CUSTOMER, answered, closed, contacted, scored, settled, told_of
from domain.recovery_ringing import rung
from domain.remedies import NOTHING
from domain.remedy_moves import settled as remedy_settled
from records import case_follow_ups
from records.case_letters import case_of_letter, settle
from records.case_models import ServiceCase
from records.case_rows import Books, case_of, held_case, keep, policy_of
from records.follow_up_words import take
from records.follow_ups import MOST_TOLD, its_instant
from records.happening import Happening
from records.models import Contact, Interaction
from records.published import Published
from records.remedies import spent_of
from records.staffing import person_named, staff_of
from records.surveys import last_survey

Move = Callable[[Case, Ground], Moved]
# By these a person of ours has spoken with the customer. A mail that one of us has written is none: who wrote it is
# only what the mail says, and nobody may keep a promise by forging one.
SPOKEN = frozenset({"call_logged", "meeting_logged"})


@dataclass(frozen=True)
class KeptCase:
    """A case after a move, and what the timeline is to be told of it."""

    row: ServiceCase
    told: tuple[Happening, ...] = ()
    refusal: str | None = None


def look(session: Session, published: Published, id: str, now: datetime, *, asked: bool) -> KeptCase | None:
    """Let happen what is due, and note what became of letters. None if there is no such case."""
    row = held_case(session, id)
    if row is None or not row.state:
        return None
    at = its_instant(row.next_at, row.asked_at if asked else None, now)
    books = _books(session, published, row, at, money=True)
    moved = Moved(case_of(row))
    for letter in settle(session, row):
        moved = then(moved, settled(moved.state, letter.key, letter.accepted, letter.why, min(letter.at, at)))
    moved = then(moved, rung(moved.state, books.ground))
    told = keep(books, moved)
    row.asked_at = None
    session.add(row)
    session.flush()
    return KeptCase(row, tuple(told))


def act(
    session: Session, published: Published, id: str, action: CaseAction, key: str, now: datetime
) -> KeptCase | None:
    """Do what a person asks, once for each `key`, or return why it makes no sense. None if there is no such case."""
    row = held_case(session, id)
    if row is None or not row.state:
        return None
    if key in row.told:
        return KeptCase(row)
    books = _books(session, published, row, now, money=isinstance(action, Proposed | Approved))
    action = _with_words(session, key, action, books)
    refusal = refused(case_of(row), action, books.ground)
    if refusal is not None:
        return KeptCase(row, refusal=refusal)
    row.told = [*row.told[1 - MOST_TOLD :], key]
    if not isinstance(action, Commented):
        case_follow_ups.take(books, action.by)
    moved = done(case_of(row), action, books.ground, key)
    # What it has made due rings at once: nothing may be left to ring.
    return KeptCase(row, tuple(keep(books, then(moved, rung(moved.state, books.ground)))))


def _with_words(session: Session, key: str, action: CaseAction, books: Books) -> CaseAction:
    """Return an action with what was written, and whoever asks named by their key."""
    said = words_of(action)
    words = take(session, key, said)
    action = action if words == said else with_words(action, words)
    return action.model_copy(update={"by": person_named(books.policies.teams, action.by)})


def remedy_is(
    session: Session, published: Published, id: str, remedy: str, delivered: bool, why: str, now: datetime
) -> KeptCase | None:
    """Note that a granted remedy was delivered, or could not be. None if there is no such case."""
    row = held_case(session, id)
    if row is None or not row.state:
        return None
    books = _books(session, published, row, now)
    return KeptCase(row, tuple(keep(books, remedy_settled(case_of(row), remedy, delivered, why, now))))


def customer_moves(
    session: Session, published: Published, contact: Contact, event: Interaction, now: datetime
) -> Iterator[Happening]:
    """Do what follows for a contact's cases from something that happened; yield what the timeline is told."""
    move = _moved_by(session, event)
    if move is None:
        return
    going = select(ServiceCase.id).where(
        ServiceCase.contact_id == contact.id,
        col(ServiceCase.number).is_not(None),
        col(ServiceCase.closed_at).is_(None) | (col(ServiceCase.id) == str(event.data.get("case"))),
    )
    for id in session.exec(going.order_by(col(ServiceCase.id))).all():
        row = held_case(session, id)
        assert row is not None, "nobody deletes one"
        if not row.state:
            continue
        books = _books(session, published, row, now, contact=contact)
        before = row.moves
        told = keep(books, move(case_of(row), books.ground))
        if row.moves != before:
            ask(session, row, now)  # its clock has to be set anew
            yield from told


def ask(session: Session, row: ServiceCase, now: datetime) -> None:
    """Have the case's workflow look at it."""
    row.asked_at = now
    session.add(row)
    session.flush()


def _moved_by(session: Session, event: Interaction) -> Move | None:
    """Return what an event does to a case it is about; None if to none."""
    meant = str(event.data.get("case") or "")
    if event.name == "replied":
        of = case_of_letter(session, event.enrolment_id)
        return lambda case, ground: _replied(case, of, ground)
    if event.name == "survey_answered" and meant:
        return lambda case, ground: _scored(case, event, meant, ground)
    if event.name in SPOKEN and event.person is not None and event.direction != "in":
        by, channel = event.person, event.channel or ""
        return lambda case, ground: contacted(case, by, ground.now, channel) if case.is_open else Moved(case)
    if event.name == CLOSED and meant and event.person is None and not event.key.startswith("case/"):
        return lambda case, ground: _closed_outside(case, event, meant, ground)
    return None


def _replied(case: Case, of: str | None, ground: Ground) -> Moved:
    """An answer to one of its letters is about that case; any other answer about whichever waits for one."""
    if of is not None and of != case.id:
        return Moved(case)
    if case.waiting is not None:
        return answered(case, ground.now)
    # While it is open, its follow-up tells whoever has it.
    return Moved(case) if case.is_open else told_of(case, "replied", ground.now)


def _scored(case: Case, event: Interaction, meant: str, ground: Ground) -> Moved:
    score = event.data.get("satisfaction", event.data.get("score"))  # of 5, whatever the scale was
    if meant not in (case.id, str(case.number)) or not isinstance(score, int | float | str):
        return Moved(case)
    try:
        value = round(float(score))
    except ValueError:
        return Moved(case)
    return scored(case, value, ground.policy, ground.staff, ground.now) if 1 <= value <= 5 else Moved(case)


def _closed_outside(case: Case, event: Interaction, meant: str, ground: Ground) -> Moved:
    if meant not in (case.id, str(case.number)) or case.closed_at is not None:
        return Moved(case)
    return closed(case, str(event.data.get("outcome") or "closed"), CUSTOMER, ground.now)


def _books(
    session: Session,
    published: Published,
    row: ServiceCase,
    now: datetime,
    *,
    money: bool = False,
    contact: Contact | None = None,
) -> Books:
    policies = published.policies(session)
    contact = contact or session.get(Contact, row.contact_id)
    assert contact is not None, "a case has a contact"
    policy = policy_of(policies, row)
    ground = Ground(
        policy=policy,
        staff=staff_of(session, policies, row.team, contact, now),
        now=now,
        spent=spent_of(session, contact.id) if money else NOTHING,
        last_survey=last_survey(session, contact.id, but_case=row.id),
    )
    return Books(session, published, contact, row, ground)
