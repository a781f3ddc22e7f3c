"""Cases that open by themselves: a complaint came in, a survey was answered badly, a promise of ours was broken.

policies/recovery.yaml `open`. What our own cases do opens none, lest one opens the next.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from domain.blanks import filled
from domain.recovery_policy import Opens
from records.case_openings import CaseOpening, open_case
from records.facts import asked_outside, contact_fields, event_of
from records.follow_up_models import FollowUp
from records.happening import Happening
from records.models import Contact, Interaction
from records.published import Published

# What opens follow-ups because of a case: the case itself, and a cause that came too often.
OF_A_CASE = ("case/", "cause/")


def cases_by_rules(
    session: Session, published: Published, contact: Contact, row: Interaction, now: datetime
) -> Iterator[Happening]:
    """Open what the policy asks for on this event; yield what the timeline is to be told."""
    policies = published.policies(session)
    policy = policies.recovery
    if policy is None or contact.erased_at is not None or _is_of_a_case(session, row):
        return
    for name, rule in policy.open.items():
        if rule.on != row.name:
            continue
        facts = asked_outside(session, policies, contact, now)
        if rule.when is None or facts.judge(rule.when, event_of(row)).true:
            opening = _opening(name, rule, contact, row)
            yield from open_case(session, published, contact, opening, policy, now).told
            return  # one thing that happened is one case, by the first rule that means it


def _is_of_a_case(session: Session, row: Interaction) -> bool:
    """Whether it is told of a case, or of what our people do because of one."""
    if row.data.get("case"):
        return True
    task = session.get(FollowUp, str(row.data.get("task"))) if row.name.startswith("task_") else None
    return task is not None and (task.opener or "").startswith(OF_A_CASE)


def _opening(name: str, rule: Opens, contact: Contact, row: Interaction) -> CaseOpening:
    known: dict[str, Mapping[str, Any]] = {"contact": contact_fields(contact), "event": row.data}

    def read(path: str) -> object | None:
        whose, _, field = path.partition(".")
        return known.get(whose, {}).get(field)

    incident = read(rule.incident) if rule.incident is not None else None
    return CaseOpening(
        title=filled(rule.title, read),
        # Without a name for it, what the same rule tells of is the same, as long as it is open.
        incident=str(incident or name),
        severity=rule.severity,
        team=rule.team,
        source=f"rule {name}",
        event=event_of(row),
    )
