"""What follows for sequences when a contact answers, or is away: how long their clock stops, and who is told.

policies/messaging.yaml `replies`. Sequences may say more: `wait_for`, `exit` and `goal` see the event `replied`.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, field_validator

from domain.blanks import problems
from domain.business_time import NeverOpen, next_opening
from domain.calendars import Calendar
from domain.spans import Span

OUT_OF_OFFICE, REPLY = "out-of-office", "reply"

WEEKDAYS = Calendar(zone="contact", hours={"mon-fri": ["00:00-24:00"]})


class ReplyTask(BaseModel):
    """Work for a team: somebody answered. Blanks are filled from the contact."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    team: str
    """Who gets it; one of policies/teams.yaml."""
    policy: str | None = None
    """The policy it is done by; without one, the default."""
    title: str = "Answer {{ contact.email }}"
    """What stands in their list."""

    @field_validator("title")
    @classmethod
    def _can_be_filled(cls, value: str) -> str:
        for problem in problems(value):
            raise ValueError(problem)
        return value


class Replies(BaseModel):
    """What an answer does beside what sequences listen for, and how long an absence without a date lasts.

    `pause` holds the sequence that was answered; five days of absence are a working week.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    pause: Span | None = None
    """A person answered: the sequence they answered waits so long for them."""
    task: ReplyTask | None = None
    """A person answered: a task for a team, one for each answer."""
    out_of_office: Span = Span.parse("5 days")
    """Somebody is away and does not say until when: their sequences wait so long."""


def back_at_work(back: date, calendar: Calendar | None, zone: ZoneInfo) -> datetime:
    """Return when somebody can be written to who is back on a day: their desk has a day to be cleared first.

    That is when the next business day after it begins, by the calendar, else Monday to Friday.

    >>> back_at_work(date(2026, 12, 4), None, ZoneInfo("Europe/Berlin")).isoformat()
    '2026-12-06T23:00:00+00:00'
    """
    morning = datetime.combine(back + timedelta(days=1), time(), zone).astimezone(UTC)
    for each in (calendar, WEEKDAYS):
        try:
            if each is not None:
                return next_opening(morning, each, zone)
        except NeverOpen:
            continue
    return morning
