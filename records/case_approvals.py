"""What waits for somebody's yes: remedies that were proposed, and that they are asked to grant."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from domain.case_notes import case_title
from domain.digest import Entry
from domain.policies import Policies
from domain.recovery import Case, after
from domain.recovery_policy import Recovery
from domain.remedies import shown
from domain.staff_notes import contact_name
from records.case_models import CaseRemedy, ServiceCase
from records.facts import contact_fields
from records.models import Contact
from records.staffing import staff_seen


def approvals_of(session: Session, policies: Policies, person: str) -> list[Entry]:
    """Return what waits for somebody's yes, each as an entry of their list of the day, the next due in front."""
    asked = select(CaseRemedy.case_id).where(CaseRemedy.state == "asked")
    waiting = select(ServiceCase, Contact).join(Contact, col(Contact.id) == col(ServiceCase.contact_id))
    rows = session.exec(waiting.where(col(ServiceCase.id).in_(asked), col(Contact.erased_at).is_(None)))
    found = [entry for row, contact in rows for entry in _entries(policies, row, contact, person)]
    return sorted(found, key=lambda each: (str(each.due), each.follow_up))


def _entries(policies: Policies, row: ServiceCase, contact: Contact, person: str) -> Iterator[Entry]:
    case = Case.model_validate(row.state)
    policy, staff = policies.recovery or Recovery(team=row.team or ""), staff_seen(policies, row.team, contact, {})
    for remedy in case.remedies:
        if remedy.state != "asked" or remedy.approver != person:
            continue
        if remedy.asked_at is not None and row.follow_up_id is not None:
            worth = f", {shown(remedy.amount, remedy.currency)}" if remedy.amount else ""
            yield Entry(
                follow_up=row.follow_up_id,
                title=case_title(case, f"{remedy.label or remedy.kind}{worth} for {row.title}", "en"),
                contact=contact_name(contact_fields(contact)),
                team=row.team,
                assignee=person,
                accepted=True,
                due=after(policy.remedies.approval.answer_within, remedy.asked_at, staff),
            )
