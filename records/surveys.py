"""Who was asked lately whether they are satisfied."""

from datetime import datetime

from sqlmodel import Session, col, func, select

from records.case_models import CaseLetter

SURVEY = "survey"


def last_survey(session: Session, contact: str, but_case: str | None = None) -> datetime | None:
    """Return when a contact was asked last whether they are satisfied, but by this case; None if never."""
    asked = select(func.max(CaseLetter.written_at)).where(CaseLetter.contact_id == contact, CaseLetter.letter == SURVEY)
    if but_case is not None:
        asked = asked.where(col(CaseLetter.case_id) != but_case)
    return session.exec(asked).one()
