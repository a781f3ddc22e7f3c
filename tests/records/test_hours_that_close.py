"""What was asked while it was open, and whose turn at the mail server came when it was closed, waits all the same."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, update

from channels.base import Accepted, BeforeBody, Envelope
from domain.needs import Later, Sent
from records.models import Contact
from records.session import Database
from tests.records.dispatch import NOW, Dispatch, home

pytestmark = pytest.mark.system

TOPIC = "topic: news\n"
# The organisation's clock is London's, on winter time: it is nine.
CALENDARS = """
calendars:
  morning: {zone: contact, hours: {mon-sun: ["08:00-09:05"]}}
  late: {zone: contact, hours: {mon-sun: ["09:05-11:00"]}}
"""


@dataclass
class Queue:
    """A mail server that has us wait before it takes anything."""

    office: Dispatch | None = None
    waits: timedelta = timedelta(minutes=10)
    bodies: int = 0

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        assert self.office is not None
        self.office.now += self.waits
        self.waits = timedelta()
        await before_body()
        self.bodies += 1
        return Accepted("250 2.0.0 Ok")


def own_hours(office: Dispatch) -> None:
    def write(session: Session) -> None:
        session.exec(update(Contact).values(quiet_hours="09:05-11:00").where(col(Contact.email).is_not(None)))

    office.workers[0].write_now(write)


@pytest.mark.parametrize(
    ("messaging", "head", "own", "why", "opens"),
    [
        ("quiet: [{calendar: late}]", TOPIC, False, "quiet hours (late)", NOW + timedelta(hours=2)),
        ("", TOPIC, True, "quiet hours of their own (09:05-11:00)", NOW + timedelta(hours=2)),
        (
            "",
            f"{TOPIC}window: morning\n",
            False,
            "outside morning (Europe/London, from organisation)",
            NOW + timedelta(hours=23),
        ),
    ],
    ids=["quiet hours", "their own", "a window"],
)
async def test_no_body_leaves_after_closing(
    main: Database, messaging: str, head: str, own: bool, why: str, opens: Any
) -> None:
    queue = Queue()
    files = home(more=messaging, news=f"{head}steps: [{{send: t/news}}]") | {"policies/calendars.yaml": CALENDARS}
    office = queue.office = Dispatch([main], files, {"email": queue})
    [run] = office.enrol("news", ["ann@customer.example"])
    if own:
        own_hours(office)

    said = (await office.ask([run]))[run]

    assert isinstance(said, Later)
    assert (said.due, queue.bodies) == (opens, 0)
    assert said.why == why
    [row] = office.messages().values()
    assert (row.state, row.attempts, row.handing_over_at) == ("claimed", 0, None)
    office.now = opens
    assert await office.ask([run]) == {run: Sent("accepted")}
