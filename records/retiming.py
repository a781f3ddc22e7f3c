"""A publication, and everybody whose times it changes.

The one thing to know: who sleeps on a calendar that changes is woken by the transaction that publishes it, asks again,
and goes on sleeping until the time it has now (sequence-language.md section 3).
"""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, func, select, update

from domain.policies import Policies
from domain.program import Program
from domain.retiming import is_retimed
from records.models import Enrolment
from records.published import Published, publish
from records.runs import ask_to_wake
from records.staffing import ask_all


def publish_and_wake(
    session: Session, files: Mapping[str, str], programs: Mapping[str, Program], now: datetime
) -> list[str]:
    """Publish files and programs, and wake whose times change; return the sequences that have a new version."""
    before = Published().policies(session)
    changed = publish(session, files, programs, now)
    after = Published().policies(session)
    wake_retimed(session, before, after, now)
    if (before.teams, before.calendars, before.recovery) != (after.teams, after.calendars, after.recovery):
        ask_all(session, now)
    return changed


def wake_retimed(session: Session, before: Policies, after: Policies, now: datetime) -> int:
    """Stir every run whose times other policies may change; return how many there are. Signals go out after the commit.

    Who has not begun yet, or has ended, has nothing to ask again.
    """
    if (before.calendars, before.messaging) == (after.calendars, after.messaging):
        return 0
    published = Published()
    asleep = (col(Enrolment.ended_at).is_(None), col(Enrolment.wave).is_not(None))
    peopled = session.exec(select(Enrolment.version).where(*asleep).distinct()).all()
    moved = [each for each in peopled if is_retimed(published.program(session, each), before, after)]
    concerned = (*asleep, col(Enrolment.version).in_(moved))
    waves = session.exec(select(Enrolment.wave).where(*concerned).distinct().order_by(col(Enrolment.wave))).all()
    ask_to_wake(session, [wave for wave in waves if wave is not None], now)  # their rows are held from here on
    highest = session.exec(select(func.max(Enrolment.stirred)).where(*asleep)).one()
    stirred = update(Enrolment).where(*concerned).values(stirred=(highest or 0) + 1)
    return session.exec(stirred.execution_options(synchronize_session=False)).rowcount
