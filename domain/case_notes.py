"""What our people are told of a case: which words fit the occasion, and what can be said in them.

The one thing to know: a note about a remedy says what is so when it is written. Who is asked to grant what was decided
meanwhile is not asked any more.
"""

from collections.abc import Mapping
from typing import Any

from domain.assignment import Staff
from domain.case_links import case_offers
from domain.follow_up import DUTY, FollowUp, done_due, duty_due
from domain.recovery import Case, Ground
from domain.remedies import Remedy, shown
from domain.remedy_rules import found

CASE_FOLDER = "case"
# Which template says what; templates/staff/case/NAME.html.
CASE_TEMPLATES: Mapping[str, str] = {
    "letter_failed": "letter-failed",
    "case_moved": "customer-did",
    "approval": "approval",
    "remedy_failed": "remedy-failed",
    "remedy_refused": "remedy-declined",
    "remedy_to_do": "remedy-to-do",
    "release_by_hand": "release",
    "cause_checked": "cause-checked",
}
_TITLES = {"en": "Case {number} ({severity}): {title}", "de": "Fall {number} ({severity}): {title}"}


def case_title(case: Case, title: str, locale: str) -> str:
    """Return how our people read of a case: its number, how bad it is, and what it is about."""
    words = _TITLES["de" if locale.startswith("de") else "en"]
    return words.format(number=case.number, severity=case.severity, title=title)


def case_idle(about: str, data: Mapping[str, Any], case: Case | None) -> str | None:
    """Return why a note about a case asks nothing of anybody any more; None if it does, or only tells."""
    if case is None:
        return None
    remedy = remedy_of(data, case)
    if about == "approval" and remedy is not None and remedy.state != "asked":
        return "the remedy was decided meanwhile"
    if about == "remedy_to_do" and remedy is not None and remedy.state != "approved":
        return "the remedy was seen to meanwhile"
    if about == "release_by_hand" and case.released_at is not None:
        return "marketing was released meanwhile"
    return None


def remedy_of(data: Mapping[str, Any], case: Case) -> Remedy | None:
    """Return the remedy that a note is about; None if it is about none."""
    return found(case, str(data.get("remedy") or ""))


def promise_meant(state: FollowUp, clock: str, staff: Staff) -> tuple[str, Any]:
    """Return the key of the promise a note of a case is about, and when it is due: else of the one that is next."""
    if clock.startswith(DUTY):
        return clock, duty_due(state, clock, staff)
    due = done_due(state, staff)
    keys = [f"{DUTY}{each.key}" for each in state.duties if each.met_at is None]
    return next((key for key in keys if duty_due(state, key, staff) == due), ""), due


def said_of_case(
    case: Case, by: str | None, ground: Ground, data: Mapping[str, Any], url: str, *, mine: bool
) -> dict[str, dict[str, Any]]:
    """Return what templates may say of a case and a remedy, with the addresses of what `by` can do about it."""
    verbs = () if by is None else case_offers(case, by, ground, mine=mine)
    remedy = remedy_of(data, case)
    names = {key: person.name for key, person in ground.staff.policy.people.items()}
    addresses = {f"{each}_url": f"{url}?do={each}" for each in verbs}
    return {
        "case": _case_fields(case, ground.policy.causes, data) | addresses,
        "remedy": _remedy_fields(remedy, data, names) if remedy is not None else {},
    }


def _case_fields(case: Case, causes: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        "number": case.number,
        "severity": case.severity,
        "stage": case.stage,
        "cause": causes.get(case.cause or "", case.cause),
        "letter": data.get("letter"),
        "score": case.score,
        "label": data.get("label"),
        "before": data.get("before"),
        "after": data.get("after"),
        "better": data.get("better"),
    }
    return {name: value for name, value in said.items() if value not in (None, "")}


def _remedy_fields(remedy: Remedy, data: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    said = {
        "label": remedy.label or remedy.kind,
        "worth": shown(remedy.amount, remedy.currency) if remedy.amount else None,
        "rule": remedy.rule,
        "proposed_by": names.get(remedy.proposed_by, remedy.proposed_by),
        "decided_by": names.get(remedy.decided_by or "", remedy.decided_by),
        "note": data.get("note"),
        "why": remedy.why,
        "alternative": remedy.alternative,
    }
    return {name: value for name, value in said.items() if value not in (None, "")}
