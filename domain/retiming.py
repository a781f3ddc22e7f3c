"""Whether other policies mean other times for those who are inside a sequence.

The one thing to know: a wait, a window or a message put off is resolved on the calendars of the moment it is asked. Who
sleeps is asked again only when woken, so a changed calendar has to wake whoever hangs on it.
"""

from collections.abc import Iterator

from domain.calendars import Calendar
from domain.needs import Deliver
from domain.policies import Policies
from domain.program import Program


def is_retimed(program: Program, before: Policies, after: Policies) -> bool:
    """Say whether a run of `program` may be due at another time by the policies `after` than by those `before`.

    Only calendars that the program waits, counts or sends by are compared, and the organisation's clock where it may be
    the contact's: a changed lunch break of the service desk wakes nobody who has office hours.
    """
    return any(one != other for one, other in zip(_times(program, before), _times(program, after), strict=True))


def _times(program: Program, policies: Policies) -> Iterator[object]:
    """Yield everything in the policies by which times of this program are counted."""
    refers = [each for step in program.steps.values() for each in step.refers()]
    windows = {each.name for each in refers if each.to == "calendar"} | {program.window or "none"}
    yield [_calendar(policies, name) for name in sorted(windows)]
    sends = any(isinstance(step.need(), Deliver) for step in program.steps.values())
    messaging = policies.messaging
    counts = any(each.to == "business calendar" for each in refers)
    counts |= sends and any(span.is_business for span in messaging.expires.values())
    yield _calendar(policies, program.calendar or policies.calendars.default) if counts else None
    yield (messaging.caps, messaging.expires, messaging.throttles) if sends else None
    yield [(each, _calendar(policies, each.calendar)) for each in messaging.quiet] if sends else None
    yield messaging.organisation.time_zone if program.time_zone is None else None


def _calendar(policies: Policies, name: str | None) -> Calendar | None:
    return policies.calendars.calendars.get(name or "")
