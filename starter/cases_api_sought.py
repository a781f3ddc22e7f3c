"""Which cases a request asks for, read from what stands behind its question mark."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from domain.policies import Policies
from domain.remedy_policy import SEVERITIES
from records.case_views import CasesSought
from starter.site import Declined
from starter.tasks_api_sought import contact_asked, is_set, most_asked, only, over_or_not, person_asked

KNOWN = ("contact", "person", "team", "severity", "late", "open", "closed", "limit", "after")


def read_cases_sought(
    session: Session, policies: Policies, asked: Mapping[str, str], now: datetime
) -> tuple[CasesSought, int]:
    """Return which cases are asked for, and how many at most. Raises `Declined` (422)."""
    only(asked, KNOWN)
    severity = asked.get("severity")
    if severity is not None and severity not in SEVERITIES:
        raise Declined(422, f"severity is '{severity[:20]}'; send one of {', '.join(SEVERITIES)}")
    sought = CasesSought(
        contact=contact_asked(session, asked.get("contact")),
        owner=person_asked(policies, asked.get("person")),
        team=asked.get("team"),
        severity=severity,
        closed=over_or_not(asked, "closed"),
        unresolved=is_set(asked, "open"),
        late_at=now if is_set(asked, "late") else None,
    )
    return sought, most_asked(asked.get("limit"))
