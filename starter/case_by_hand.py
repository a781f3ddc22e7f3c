"""A case that a person opens, at the command line or by the API: looked over, opened or joined, given to somebody.

It is one transaction in the main database. Its workflow is started by the sweep of a worker, within a second.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, cast

from sqlmodel import Session, select

from domain.answers import clean_line
from domain.assignment import OPERATOR
from domain.policies import Policies
from domain.recovery_actions import Commented
from domain.remedy_policy import SEVERITIES, Severity
from records.case_models import ServiceCase
from records.case_openings import CaseOpening, open_case
from records.cases import act
from records.models import Contact
from records.published import Published
from records.timeline import record_all
from starter.acting import Refused
from starter.opening_by_hand import LONGEST_TITLE, no_person, no_team, no_title

LONGEST_INCIDENT, LONGEST_NOTE = 150, 4000


@dataclass(frozen=True)
class CaseWanted:
    """What went wrong for a contact. People are named by key or address; without a severity the policy's rules say."""

    title: str
    severity: str | None = None
    incident: str | None = None
    team: str | None = None
    note: str | None = None
    by: str = OPERATOR


@dataclass(frozen=True)
class OpenedCase:
    """The case, and whether it was opened now, joined, or opened before under the same key."""

    row: ServiceCase
    status: Literal["opened", "joined", "repeated"]


def open_case_by_hand(
    session: Session, published: Published, contact: Contact, wanted: CaseWanted, key: str, now: datetime
) -> OpenedCase:
    """Open a case for a contact, once for each `key`. Raises `Refused` with a sentence for whoever asked."""
    theirs = select(ServiceCase).where(ServiceCase.contact_id == contact.id)
    before = next((row for row in session.exec(theirs) if key in row.told), None)
    if before is not None:
        return OpenedCase(before, "repeated")
    policies = published.policies(session)
    wanted = replace(wanted, title=clean_line(wanted.title, LONGEST_TITLE + 1))
    for problem in problems_of(wanted, policies):
        raise Refused(problem)
    assert policies.recovery is not None, "its being away is a problem"
    by = policies.teams.key_of(wanted.by) or OPERATOR
    opening = CaseOpening(
        title=wanted.title,
        # Without a name for it, it is one of its own.
        incident=wanted.incident or f"hand/{key}",
        severity=cast(Severity | None, wanted.severity),
        team=wanted.team,
        source=f"person {by}",
        by=by,
    )
    kept = open_case(session, published, contact, opening, policies.recovery, now)
    record_all(session, published, contact, kept.told, now)
    if wanted.note:
        said = act(session, published, kept.row.id, Commented(by=by, note=wanted.note), f"{key}/note", now)
        record_all(session, published, contact, said.told if said is not None else (), now)
    kept.row.told = [*kept.row.told, key]
    session.add(kept.row)
    session.flush()
    # Whoever joins a case finds one that had moved before.
    return OpenedCase(kept.row, "opened" if kept.row.opened_at == now and not kept.row.joined else "joined")


def problems_of(wanted: CaseWanted, policies: Policies) -> Iterator[str]:
    """Yield why this cannot be opened, and what to do instead."""
    if policies.recovery is None:
        yield (
            "there is no policies/recovery.yaml, so another system answers for cases; write the file and publish it,"
            " or tell of the case by an event case_opened"
        )
    yield from no_title(wanted.title)
    yield from no_team(wanted.team, policies.teams)
    yield from no_person(wanted.by, policies.teams)
    if wanted.severity is not None and wanted.severity not in SEVERITIES:
        yield f"severity '{wanted.severity[:20]}' is none; write one of {', '.join(SEVERITIES)}"
    if len(wanted.incident or "") > LONGEST_INCIDENT:
        yield f"the incident is longer than {LONGEST_INCIDENT} characters; give its number, or the order's"
    if len(wanted.note or "") > LONGEST_NOTE:
        yield f"the note is longer than {LONGEST_NOTE} characters; shorten it"
