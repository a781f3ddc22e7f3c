"""The reply of a mail server that comes after its message was given up, and is still to be sent again."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from channels.base import Accepted, BeforeBody, Envelope, Refused
from domain.needs import Later, Sent
from records.session import Database
from tests.records.dispatch import NOW, Dispatch, home

pytestmark = pytest.mark.system

CALENDARS = 'calendars: {late: {zone: contact, hours: {mon-sun: ["09:05-11:00"]}}}'
QUIET = "quiet: [{class: service, calendar: late}]"


@dataclass
class Slow:
    """A mail server that answers when it is told to."""

    answers: asyncio.Event = field(default_factory=asyncio.Event)
    has_it: asyncio.Event = field(default_factory=asyncio.Event)
    refuses: bool = False
    bodies: int = 0

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        await before_body()
        self.bodies += 1
        self.has_it.set()
        await self.answers.wait()
        if self.refuses:
            raise Refused("no such user", "550 5.1.1")
        return Accepted("250 2.0.0 Ok")


@pytest.mark.parametrize(("refuses", "fate"), [(False, "accepted"), (True, "refused")])
async def test_it_is_the_fate_of_a_message_whose_repeat_has_not_begun(main: Database, refuses: bool, fate: str) -> None:
    slow = Slow(refuses=refuses)
    files = home(more=QUIET, help="steps: [{send: t/answer}]") | {"policies/calendars.yaml": CALENDARS}
    office = Dispatch([main], files, {"email": slow})
    [run] = office.enrol("help", ["ann@customer.example"])

    first = asyncio.create_task(office.ask([run]))
    await slow.has_it.wait()
    office.now = NOW + timedelta(minutes=7)
    given_up = (await office.ask([run]))[run]
    slow.answers.set()
    late = (await first)[run]

    assert given_up == Later(NOW + timedelta(hours=2), "quiet hours (late)"), "and then it would be sent again"
    assert late == Sent(fate)  # type: ignore[arg-type]
    assert (office.messages()[run].state, slow.bodies) == (fate, 1)
    office.now = NOW + timedelta(hours=2)
    assert await office.ask([run]) == {run: Sent(fate)}  # type: ignore[arg-type]
    assert slow.bodies == 1
