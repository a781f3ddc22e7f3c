"""What a wave is given when it starts, and what it carries into a fresh history."""

from datetime import datetime

from pydantic import Field

from domain.needs import Value
from domain.program import Program
from domain.run import Run


class Member(Value):
    """One enrolment. `run` is empty at the start and holds where it stands afterwards."""

    enrolment: str
    entered_at: datetime
    run: Run | None = None


class Wave(Value):
    """Enrolments of one program that travel together. The program goes with them, so no edit can reach them.

    `stirred_up_to` is how far the wave has looked at what happened, `called` whether it still has to look.
    """

    sequence: str
    version: str
    program: Program
    members: tuple[Member, ...] = Field(default=())
    stirred_up_to: int = 0
    called: bool = False
