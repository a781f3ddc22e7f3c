"""`notify`: a message to staff, not to the contact."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import field_validator

from domain.needs import Notify as NotifyTeam
from domain.steps.base import Refers, Step

# Messages to staff have a room of their own beside those to contacts.
FOLDER = "staff/"


class Notify(Step):
    """A team is written to, and the contact goes on when the message's fate is known."""

    kind: ClassVar[str] = "notify"

    notify: str
    """The team that is written to, of policies/teams.yaml."""
    template: str
    """A template for staff: staff/NAME is templates/staff/NAME.html."""
    window: str | None = None
    """A calendar; the message goes out only while it is open."""

    @field_validator("template")
    @classmethod
    def _is_for_staff(cls, value: str) -> str:
        if not value.startswith(FOLDER):
            raise ValueError(f"'{value[:60]}' is not for staff; write staff/NAME, which is templates/staff/NAME.html")
        return value

    def need(self) -> NotifyTeam:
        return NotifyTeam(team=self.notify, template=self.template.removeprefix(FOLDER), window=self.window)

    def says(self) -> str:
        return f"notify {self.notify}: {self.template}"

    def refers(self) -> Iterator[Refers]:
        yield Refers("notify", "team", self.notify)
        yield Refers("template", "staff template", self.template.removeprefix(FOLDER))
        if self.window not in (None, "none"):
            yield Refers("window", "calendar", str(self.window))
