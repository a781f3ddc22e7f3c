"""Where what happened stands on the timeline: which department's it is, on which channel, and which way it went.

Whoever tells of it may say so; what nobody says stands here, by the name of the event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from domain.events import LESSONS, MAIL_LOGGED, MEETINGS, RECOVERING, REMEDIES

Direction = Literal["in", "out", "both", "internal", "none"]
"""From the contact to us, from us to them, both ways, among ourselves, or nobody's doing."""

MARKETING, SALES, SERVICE = "marketing", "sales", "service"


@dataclass(frozen=True)
class Origin:
    """Department, channel (None: on none) and direction."""

    department: str = MARKETING
    channel: str | None = None
    direction: Direction = "in"


_MEETING = Origin(SALES, "calendar")
_CASE = Origin(SERVICE, None, "internal")
_BY_ITSELF = Origin(MARKETING, None, "none")
_ORIGINS: dict[str, Origin] = {
    "form_submitted": Origin(MARKETING, "web"),
    "survey_answered": Origin(SERVICE, "web"),
    "task_completed": Origin(SALES, "staff", "internal"),
    "case_opened": _CASE,
    "case_closed": _CASE,
    "case_released": _CASE,
    "case_reopened": _CASE,
    **dict.fromkeys(sorted(REMEDIES | LESSONS | RECOVERING), _CASE),
    **dict.fromkeys(MEETINGS, _MEETING),
    "call_logged": Origin(SALES, "phone", "out"),
    "meeting_logged": Origin(SALES, "meeting", "both"),
    "note_added": Origin(SALES, None, "internal"),
    MAIL_LOGGED: Origin(SALES, "email", "out"),
    "purchased": Origin(SALES),
    "refunded": Origin(SALES),
    "points_changed": _BY_ITSELF,
    "tier_changed": _BY_ITSELF,
    "score_reached": _BY_ITSELF,
}
_SAY_WHO = frozenset({"task_completed", "case_closed", "call_logged", "meeting_logged", "note_added"})
_SAY_WHOSE = frozenset({"call_logged", "meeting_logged", "note_added"})


def origin_of(name: str, data: Mapping[str, Any], channel: str | None = None) -> Origin:
    """Return where an event stands, as far as nobody says otherwise.

    `channel` is that of the message of ours that it belongs to, if it does.

    >>> origin_of("call_logged", {"direction": "in"})
    Origin(department='sales', channel='phone', direction='in')
    >>> origin_of("replied", {}, "sms")
    Origin(department='marketing', channel='sms', direction='in')
    """
    known = _ORIGINS.get(name, Origin())
    return Origin(known.department, channel or known.channel, _way(name, data) or known.direction)


@dataclass(frozen=True)
class ToldBy:
    """Who of us did it, by key or address, and for which department, as the event's own fields say.

    `may_be_a_stranger`: it is somebody's host, who need not be in policies/teams.yaml.
    """

    person: str | None = None
    department: str | None = None
    may_be_a_stranger: bool = False


def _way(name: str, data: Mapping[str, Any]) -> Direction | None:
    """Return which way it went, where the event's own fields say so."""
    if name == "meeting_cancelled" and data.get("cancelled_by") == "us":
        return "out"
    said = data.get("direction") if name == "call_logged" else None
    return said if said in ("in", "out") else None


def told_by(name: str, data: Mapping[str, Any]) -> ToldBy:
    """Return who of us did it, where the event's own fields say so.

    >>> told_by("task_completed", {"person": "ada"}).person, told_by("purchased", {"person": "ada"}).person
    ('ada', None)
    """
    if name in MEETINGS:
        return ToldBy(_words(data, "host_email"), None, may_be_a_stranger=True)
    person = _words(data, "person") if name in _SAY_WHO else None
    return ToldBy(person, _words(data, "department", 60) if name in _SAY_WHOSE else None)


def _words(data: Mapping[str, Any], name: str, most: int = 200) -> str | None:
    said = data.get(name)
    return said if isinstance(said, str) and 0 < len(said) <= most else None
