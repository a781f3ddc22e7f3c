"""What opens a case, and whether it is a new one: something that was told before joins the case that it is about.

The one thing to know: one case is open for each contact and incident. Two workers that are told of the same at one
moment see nothing of each other; the database lets one of them open it, and the other joins.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select
from uuid_utils.compat import uuid7

from domain.facts import Event
from domain.policies import Policies
from domain.recovery import Case, Ground
from domain.recovery_moves import can_reopen, joined, opened
from domain.recovery_policy import Recovery
from domain.remedy_policy import Severity
from records.case_models import ServiceCase
from records.case_rows import Books, case_of, held_case, keep
from records.cases import KeptCase, ask
from records.facts import asked_outside
from records.models import Contact
from records.published import Published
from records.staffing import staff_of
from records.unique import add_if_new

# The number of the first case; customers read it, and nobody wants to be the first.
FIRST_NUMBER = 1001


@dataclass(frozen=True)
class CaseOpening:
    """A case to be opened, or joined. `incident` is what it is about, in the words of whoever tells; `source` by what.

    Without a `severity` the policy's rules say, by the contact and the `event`.
    """

    title: str
    incident: str
    severity: Severity | None = None
    team: str | None = None
    source: str = ""
    by: str | None = None
    enrolment: str | None = None
    event: Event | None = None


def open_case(
    session: Session, published: Published, contact: Contact, opening: CaseOpening, policy: Recovery, now: datetime
) -> KeptCase:
    """Open a case, or join the one of the same incident; one that was resolved lately is opened again."""
    policies = published.policies(session)
    severity = opening.severity or graded_by(session, policies, contact, policy, opening.event, now)
    while True:
        row = _the_same(session, contact, opening.incident)
        ground = Ground(policy, staff_of(session, policies, (row or opening).team or policy.team, contact, now), now)
        # One that is resolved and not closed yet has its incident's place: it is opened again, however late.
        if row is not None and (row.closed_at is None or can_reopen(case_of(row), policy, ground.staff, now)):
            return _join(session, published, contact, row, severity, ground)
        new = _new(session, contact, opening, severity, policy, now)
        if add_if_new(session, new):
            return _begin(session, published, contact, session.get_one(ServiceCase, new.id), opening, ground)


def _join(
    session: Session, published: Published, contact: Contact, row: ServiceCase, severity: Severity, ground: Ground
) -> KeptCase:
    books = Books(session, published, contact, row, ground)
    told = keep(books, joined(case_of(row), severity, ground.policy, ground.staff, ground.now))
    ask(session, row, ground.now)
    return KeptCase(row, tuple(told))


def _begin(
    session: Session,
    published: Published,
    contact: Contact,
    row: ServiceCase,
    opening: CaseOpening,
    ground: Ground,
) -> KeptCase:
    assert row.number is not None, "a case of ours has one"
    severity: Severity = opening.severity or row.severity  # type: ignore[assignment]
    case = Case(
        id=row.id,
        number=row.number,
        title=row.title,
        team=row.team,
        language=contact.language,
        tier=contact.tier,
        severity=severity,
        clocks=ground.policy.clocks_of(severity),
        opened_at=ground.now,
        owner=published.policies(session).teams.key_of(contact.owner) if contact.owner else None,
    )
    books = Books(session, published, contact, row, ground)
    moved = opened(case, ground.now, by=opening.by, source=opening.source, incident=opening.incident)
    told = keep(books, moved)
    ask(session, row, ground.now)
    return KeptCase(row, tuple(told))


def _the_same(session: Session, contact: Contact, incident: str) -> ServiceCase | None:
    """Return the newest case of this incident, held; one that another system answers for is none of ours."""
    same = (
        ServiceCase.contact_id == contact.id,
        ServiceCase.incident == incident[:200],
        col(ServiceCase.number).is_not(None),
    )
    newest = select(ServiceCase.id).where(*same).order_by(col(ServiceCase.opened_at).desc(), col(ServiceCase.id).desc())
    id = session.exec(newest).first()
    return None if id is None else held_case(session, id)


def _new(
    session: Session, contact: Contact, opening: CaseOpening, severity: Severity, policy: Recovery, now: datetime
) -> ServiceCase:
    session.flush()  # whom it belongs to is written first
    last = session.exec(select(func.max(ServiceCase.number))).one()
    return ServiceCase(
        id=str(uuid7()),
        # Who takes the same number at this moment finds it taken, and takes the next.
        number=FIRST_NUMBER if last is None else last + 1,
        contact_id=contact.id,
        enrolment_id=opening.enrolment,
        title=opening.title[:400],
        incident=opening.incident[:200],
        severity=severity,
        team=opening.team or policy.team,
        source=opening.source[:200],
        tier=contact.tier,
        opened_at=now,
        state={},
    )


def graded_by(
    session: Session, policies: Policies, contact: Contact, policy: Recovery, event: Event | None, now: datetime
) -> Severity:
    """Return how bad something is by the first rule of the policy that holds, asked of the contact and the event."""
    facts = asked_outside(session, policies, contact, now) if policy.severity else None
    for rule in policy.severity:
        assert facts is not None
        if facts.judge(rule.when, event).true:
            return rule.severity
    return policy.otherwise
