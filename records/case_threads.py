"""The conversation of a case with its customer: our letters that arrived, and what they answered.

The one thing to know: it is read from the ledger and the timeline when a letter is written for the wire, so letters of
different runs stand in one thread. What a letter answers is older than the letter: written anew, it answers the same.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from domain.threads import ALONE, Thread, thread
from records import ledger
from records.case_models import CaseLetter, ServiceCase
from records.models import Interaction, Message

# The mail that opened a case was received at most so long before it was opened.
DRAINED_WITHIN = timedelta(days=1)


def thread_of(session: Session, enrolment: str, by_mail: Collection[str] = ()) -> Thread:
    """Return what the letter of a run answers; nothing for the first letter, and for a run that is no letter.

    `by_mail` are the sources of cases that a mail of the customer opens: such a mail is what the first letter answers.
    """
    letter = session.exec(select(CaseLetter).where(CaseLetter.enrolment_id == enrolment)).first()
    if letter is None:
        return ALONE
    earlier = session.exec(
        select(CaseLetter.enrolment_id, Message.message_id, Message.subject, Message.accepted_at)
        .join(Message, col(Message.enrolment_id) == col(CaseLetter.enrolment_id))
        .where(CaseLetter.case_id == letter.case_id, col(CaseLetter.id) < letter.id)
        .where(Message.state == ledger.ACCEPTED)
        .order_by(col(Message.accepted_at), col(CaseLetter.id))
    ).all()
    said = [(at or letter.written_at, id) for _, id, _, at in earlier]
    said += _answers(session, letter, [run for run, *_ in earlier if run is not None])
    said += _complaint(session, session.get_one(ServiceCase, letter.case_id), by_mail)
    return thread([id for _, id in sorted(said)], next((subject for _, _, subject, _ in earlier if subject), None))


def _answers(session: Session, letter: CaseLetter, runs: list[str]) -> list[tuple[datetime, str]]:
    """Return the mails by which the customer answered letters, until this one was written."""
    theirs = (
        Interaction.name == "replied",
        col(Interaction.enrolment_id).in_(runs),
        Interaction.at <= letter.written_at,
    )
    return _mails(list(session.exec(select(Interaction).where(*theirs))) if runs else [])


def _complaint(session: Session, case: ServiceCase, by_mail: Collection[str]) -> list[tuple[datetime, str]]:
    """Return the mail that opened the case, if one did: the last one they had sent by then."""
    if case.source not in by_mail:
        return []
    opened_by = (
        Interaction.contact_id == case.contact_id,
        Interaction.name == "replied",
        Interaction.at <= case.opened_at,
        Interaction.at > case.opened_at - DRAINED_WITHIN,
    )
    last = select(Interaction).where(*opened_by).order_by(col(Interaction.at).desc(), col(Interaction.id).desc())
    return _mails(list(session.exec(last.limit(1))))


def _mails(rows: list[Interaction]) -> list[tuple[datetime, str]]:
    return [(row.at, str(row.data["message_id"])) for row in rows if row.data.get("message_id")]
