"""Surveys as they are remembered: who was asked when, what they answered, and which case an answer is about.

The one thing to know: that somebody was asked stands in the ledger, in the message that asked. A letter of a case that
is on its way counts from when it was written, so that two cases do not ask at once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from domain.facts import Event
from domain.policies import Policies
from domain.recovery import Case
from domain.recovery_moves import NOT_MADE_GOOD, can_reopen
from records.case_models import CaseLetter, ServiceCase
from records.facts import asked_outside
from records.ledger import LEFT
from records.models import Contact, Enrolment, Interaction, Message
from records.staffing import absences, staff_seen

ANSWERED = "survey_answered"
# The letter of a case that asks (`domain/recovery_ringing.py`).
_LETTER = "survey"


def last_survey(session: Session, contact: str, but_case: str | None = None) -> datetime | None:
    """Return when a contact was asked last whether they are satisfied, by whatever asked; None if never.

    Letters of cases that have not left yet count as well, but for those of `but_case`.
    """
    asked = [*asked_last(session, [contact]).values()]
    waiting = select(func.max(CaseLetter.written_at)).where(
        CaseLetter.contact_id == contact,
        CaseLetter.letter == _LETTER,
        col(CaseLetter.settled_at).is_(None),
        CaseLetter.case_id != (but_case or ""),
    )
    written = session.exec(waiting).one()
    return max([*asked, written] if written is not None else asked, default=None)


def asked_last(session: Session, contacts: Sequence[str], but: Sequence[str] = ()) -> dict[str, datetime]:
    """Return when each of these contacts was asked last by a message that reached them, or may have; `but` leaves out
    messages by their ids. Each at the full second after it left, never before."""
    asked = (
        select(Message.contact_id, func.max(Message.handing_over_at))
        .where(
            col(Message.contact_id).in_(contacts),
            col(Message.survey).is_not(None),
            col(Message.state).in_(LEFT),
            col(Message.id).not_in(but),
        )
        .group_by(col(Message.contact_id))
    )
    found = {contact: at for contact, at in session.exec(asked) if at is not None}
    return {contact: at + timedelta(microseconds=-at.microsecond % 1_000_000) for contact, at in found.items()}


def answers_to(session: Session, contact: str, message: str) -> list[Interaction]:
    """Return how a contact has answered the survey of a message, in order: the last one counts."""
    theirs = (Interaction.contact_id == contact, Interaction.name == ANSWERED)
    rows = select(Interaction).where(*theirs, col(Interaction.key).startswith(f"{key_of(message)}/", autoescape=True))
    return list(session.exec(rows.order_by(col(Interaction.id))))


def key_of(message: str) -> str:
    """Return what the keys of the answers to a message's survey begin with."""
    return f"survey/{message}"


def case_asked_about(session: Session, contact: str, message: str) -> ServiceCase | None:
    """Return the case that a message asked about: it was a letter of the case, or its run began with the case."""
    sent = session.get(Message, message)
    run = session.get(Enrolment, sent.enrolment_id) if sent is not None and sent.enrolment_id else None
    if run is None:
        return None
    letter = session.exec(select(CaseLetter).where(CaseLetter.enrolment_id == run.id)).first()
    named = letter.case_id if letter is not None else str(run.event.get("case") or "")
    case = session.get(ServiceCase, named) if named else None
    return case if case is not None and case.contact_id == contact else None


def somebody_calls(
    session: Session, policies: Policies, contact: Contact, event: Event, case: ServiceCase | None, now: datetime
) -> bool:
    """Whether an answer opens a case, or the case it is about once more, by the policy: then they hear from a person.

    `event` is the answer, which need not be written down yet.
    """
    if policies.recovery is None:
        return False
    if case is not None:
        satisfaction = event.data.get("satisfaction")
        if not case.state or not isinstance(satisfaction, int) or satisfaction > NOT_MADE_GOOD:
            return False
        staff = staff_seen(policies, case.team, contact, absences(session, now))
        return can_reopen(Case.model_validate(case.state), policies.recovery, staff, now)
    rules = [rule.when for rule in policies.recovery.open.values() if rule.on == ANSWERED]
    if None in rules or not rules:
        return bool(rules)
    facts = asked_outside(session, policies, contact, now)
    facts = facts.but(events=[*facts.events, event])
    return any(facts.judge(when, event).true for when in rules if when is not None)
