"""Letters of a case: written once for each key, and what became of each of them, which only the ledger knows.

The one thing to know: a letter is a run of a program that nothing else starts (`domain/case_letters.py`), written in
the transaction of the move that wants it. Nobody is told when its message has a fate: `fated` finds the cases that
should look, from rows alone, so that no letter is forgotten, whatever dies, and ordinary messages cost nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select
from sqlalchemy import select as select_columns
from sqlmodel import Session, and_, col, func, or_, select, update
from uuid_utils.compat import uuid7

from domain.assignment import Staff
from domain.case_letters import program_of, said
from domain.entry import Entry
from domain.policies import Policies
from domain.program import Program
from domain.recovery import Case, Write
from domain.recovery_policy import Recovery
from domain.stops import unaddressed
from records import ledger
from records.broadcasts import keep_program
from records.case_models import CaseLetter, ServiceCase
from records.entries import write_down
from records.models import Contact, Enrolment, Message
from records.published import Published
from records.unique import add_if_new

ERASED = "their data was erased"
UNSURE = "nobody knows whether it arrived"
LONGEST_FATE = 100
# So many cases are asked to look in one go.
MOST = 500


class Settled(NamedTuple):
    """What became of a letter: the other side has it, or `why` not, and when."""

    key: str
    accepted: bool
    why: str
    at: datetime


def write(
    session: Session,
    published: Published,
    contact: Contact,
    row: ServiceCase,
    state: Case,
    staff: Staff,
    deed: Write,
    now: datetime,
) -> None:
    """Write a letter to the customer of a case, unless it was written before; it leaves after the commit.

    `state` is the case as it is now, with who has it: that is what the customer reads. Whether they may be written to
    is asked where the message leaves, as of any other.
    """
    policies = published.policies(session)
    policy = policies.recovery or Recovery(team=row.team or "")  # the file may be gone since the case was opened
    letter = CaseLetter(case_id=row.id, contact_id=contact.id, key=deed.key, letter=deed.letter, written_at=now)
    if not add_if_new(session, letter) or contact.erased_at is not None:
        return
    event = said(state, policy, staff, deed, now, _before(session, row.id, state, deed))
    run = _run(session, published, policies, contact, deed, event, now)
    written = (col(CaseLetter.case_id) == row.id, col(CaseLetter.key) == deed.key)
    named = update(CaseLetter).where(*written).values(enrolment_id=run.id)
    session.exec(named.execution_options(synchronize_session=False))


def _run(
    session: Session,
    published: Published,
    policies: Policies,
    contact: Contact,
    deed: Write,
    event: Mapping[str, Any],
    now: datetime,
) -> Enrolment:
    program: Program = program_of(deed.letter, policies)
    bundle = published.bundle(session)
    assert bundle is not None, "a case is opened by policies that were published"
    run = Enrolment(
        id=str(uuid7()),
        contact_id=contact.id,
        sequence=program.sequence,
        version=keep_program(session, program, bundle, now),
        bundle=bundle,
        event=dict(event),
        entered_at=now,
    )
    session.add(run)
    session.flush()
    entry = Entry(True, why=[f"letter {deed.key} of case {event['number']}"])
    write_down(session, contact.id, run.sequence, run.version, entry, run, now)
    session.flush()
    return run


def _before(session: Session, case: str, state: Case, deed: Write) -> dict[str, Any] | None:
    """Return what the question said that a reminder is about, None where there is none."""
    if deed.letter != "reminder":
        return None
    about = (CaseLetter.case_id == case, CaseLetter.key == f"question/{state.waited}")
    found = session.exec(
        select(CaseLetter.written_at, Enrolment.event)
        .join(Enrolment, col(Enrolment.id) == col(CaseLetter.enrolment_id))
        .where(*about)
    ).first()
    return None if found is None else {**found[1], "asked_at": found[0].isoformat()}


def settle(session: Session, row: ServiceCase) -> list[Settled]:
    """Return what became of each letter of a case of which nobody has heard yet, the first one first; note that."""
    letters = _with_messages().where(col(CaseLetter.case_id) == row.id, _ready())
    found = []
    for letter, run, message in session.execute(letters.order_by(col(CaseLetter.id))).all():
        fate = _fate(letter, run, message)
        letter.settled_at, letter.fate = fate.at, ("accepted" if fate.accepted else fate.why)[:LONGEST_FATE]
        session.add(letter)
        found.append(fate)
    session.flush()
    return found


def _fate(letter: CaseLetter, run: Enrolment | None, message: Message | None) -> Settled:
    if run is None:
        return Settled(letter.key, False, ERASED, letter.written_at)
    if message is None:
        why = "; ".join(each for each in (run.end_reason, run.end_detail) if each)
        return Settled(letter.key, False, unaddressed(why), run.ended_at or letter.written_at)
    if message.state == ledger.ACCEPTED:
        return Settled(letter.key, True, "", message.accepted_at or letter.written_at)
    over = message.refused_at or message.skipped_at or message.unknown_at or run.ended_at or letter.written_at
    why = UNSURE if message.state == ledger.UNKNOWN else unaddressed(message.reason or message.state)
    return Settled(letter.key, False, why, over)


def fated(session: Session, most: int = MOST) -> list[str]:
    """Return cases of which a letter has a fate that nobody has looked at, at most so many."""
    return list(session.execute(_fated().limit(most)).scalars())


def ask_to_look(session: Session, now: datetime, most: int = MOST) -> int:
    """Have cases look of which a letter has a fate; return how many that are. Cases that were asked stay as they are.

    No other row is held with those of the cases, so whoever moves a case never waits for one who waits for them.
    """
    wanted = (col(ServiceCase.id).in_(_fated()), col(ServiceCase.asked_at).is_(None))
    ids = list(session.exec(select(ServiceCase.id).where(*wanted).order_by(ServiceCase.id).limit(most)))
    if ids:
        held = select_columns(col(ServiceCase.id)).where(col(ServiceCase.id).in_(ids)).order_by(col(ServiceCase.id))
        session.execute(held.with_for_update())
        still = (col(ServiceCase.id).in_(ids), col(ServiceCase.asked_at).is_(None))
        session.exec(update(ServiceCase).where(*still).values(asked_at=now))
    return len(ids)


def case_of_letter(session: Session, enrolment: str | None) -> str | None:
    """Return the case that a run wrote a letter of, None where it was no letter."""
    if enrolment is None:
        return None
    return session.exec(select(CaseLetter.case_id).where(CaseLetter.enrolment_id == enrolment)).first()


def _with_messages() -> Select[CaseLetter, Enrolment, Message]:
    """Select letters, each with its run and its message, as far as there are any."""
    return (
        select_columns(CaseLetter, Enrolment, Message)
        .outerjoin(Enrolment, col(Enrolment.id) == col(CaseLetter.enrolment_id))
        .outerjoin(Message, col(Message.enrolment_id) == col(CaseLetter.enrolment_id))
    )


def _ready() -> ColumnElement[bool]:
    """Whether a letter has a fate, and nobody has heard of it: what is on the wire may still be taken."""
    over = and_(
        col(Enrolment.ended_at).is_not(None),
        func.coalesce(col(Message.state), ledger.SKIPPED) != ledger.HANDING_OVER,
    )
    fates = or_(col(CaseLetter.enrolment_id).is_(None), col(Message.state) == ledger.ACCEPTED, over)
    return and_(col(CaseLetter.settled_at).is_(None), fates)


def _fated() -> Select[str]:
    return _with_messages().with_only_columns(col(CaseLetter.case_id)).where(_ready()).distinct()
