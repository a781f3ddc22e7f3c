"""The whole story of one case: what was promised, written and given, and everything that happened, in order."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from domain.follow_up import Alarm
from domain.policies import Policies
from domain.recovery_alarms import alarms
from records.case_models import CaseLetter, CasePromise
from records.case_views import CaseView, case_view
from records.follow_up_models import FollowUp
from records.follow_up_views import View, views
from records.models import Interaction, Message


@dataclass(frozen=True)
class LetterSeen:
    """A letter of a case, with what the ledger says of it; no message where it has not come so far."""

    row: CaseLetter
    message: Message | None


@dataclass(frozen=True)
class CaseStory:
    """A case and everything that is known of it. `follow_ups` are those by which somebody had it, the first first."""

    view: CaseView
    promises: tuple[CasePromise, ...]
    letters: tuple[LetterSeen, ...]
    lines: tuple[Interaction, ...]
    follow_ups: tuple[View, ...]
    rings: tuple[Alarm, ...]
    """What happens by itself, in order, if nobody does anything."""


def case_story(session: Session, policies: Policies, name: str, now: datetime) -> CaseStory | None:
    """Return the story of the case of this number or id; None if there is none."""
    view = case_view(session, policies, name, now)
    if view is None:
        return None
    tasks = select(FollowUp).where(FollowUp.case_id == view.row.id).order_by(col(FollowUp.id))
    follow_ups = views(session, policies, session.exec(tasks).all(), now)
    promises = select(CasePromise).where(CasePromise.case_id == view.row.id).order_by(col(CasePromise.id))
    rings = alarms(view.state, view.ground.policy, view.staff) if view.state is not None else []
    return CaseStory(
        view=view,
        promises=tuple(session.exec(promises)),
        letters=tuple(_letters(session, view.row.id)),
        lines=tuple(lines_of(session, view, [each.row.id for each in follow_ups])),
        follow_ups=tuple(follow_ups),
        rings=tuple(rings),
    )


def lines_of(session: Session, view: CaseView, tasks: list[str]) -> list[Interaction]:
    """Return what the contact's timeline says of a case and of these follow-ups of it, in order."""
    row = view.row
    # Once something of it was told, the contact's own answers name it, too.
    since = select(Interaction).where(Interaction.contact_id == row.contact_id, col(Interaction.at) >= row.opened_at)
    names = {row.id, str(row.number)}
    return [
        each
        for each in session.exec(since.order_by(col(Interaction.id)))
        if str(each.data.get("case") or "") in names or each.data.get("task") in tasks
    ]


def _letters(session: Session, case: str) -> list[LetterSeen]:
    rows = session.exec(select(CaseLetter).where(CaseLetter.case_id == case).order_by(col(CaseLetter.id))).all()
    runs = [row.enrolment_id for row in rows if row.enrolment_id is not None]
    sent = session.exec(select(Message).where(col(Message.enrolment_id).in_(runs)).order_by(col(Message.id))).all()
    messages = {each.enrolment_id: each for each in sent}
    return [LetterSeen(row, messages.get(row.enrolment_id or "")) for row in rows]
