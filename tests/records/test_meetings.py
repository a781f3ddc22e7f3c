"""What calendars are told of a meeting over several messages, of several runs, on real records."""

from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from icalendar import Calendar
from sqlmodel import Session

from domain.needs import Later
from records.contacts import change, find_or_make
from records.session import Database
from tests.records.dispatch import NOW, Dispatch, home

ANN = "ann@customer.example"
PAGE = "{% block subject %}News{% endblock %}{% block html %}<p>News</p>{% endblock %}"
INVITED = "  meeting: contact.visit\n---\n" + PAGE
FILES = home(
    visit="enter: {again: always}\nsteps: [{send: t/visit}]", off="enter: {again: always}\nsteps: [{send: t/off}]"
) | {
    "policies/contact.yaml": "fields: {next_visit: {type: text}, visit: {type: text}}",
    "templates/email/t/visit.html": f"---\nclass: service\ninvitation:\n  start: contact.next_visit\n{INVITED}",
    "templates/email/t/off.html": f"---\nclass: service\ninvitation:\n  cancel: true\n{INVITED}",
}


class Diary:
    """The calendar of one reader: what each message told it."""

    def __init__(self, dispatch: Dispatch) -> None:
        self.dispatch = dispatch

    async def hear(self, sequence: str, **fields: Any) -> tuple[str, int, datetime] | None:
        """Let Ann enter a sequence the next day, with these fields; return the method, count and start that came."""
        self.dispatch.now += timedelta(days=1)

        def write(session: Session) -> None:
            change(session, find_or_make(session, {"email": ANN}, "test", self.dispatch.now), fields, self.dispatch.now)

        self.dispatch.workers[0].write_now(write)
        before = len(self.dispatch.taker.taken)
        [outcome] = (await self.dispatch.ask(self.dispatch.enrol(sequence, [ANN]))).values()
        if isinstance(outcome, Later):
            return None
        [letter] = self.dispatch.taker.taken[before:]
        [part] = [
            each
            for each in message_from_bytes(letter.body, policy=default).walk()
            if each.get_filename() == "invite.ics"
        ]
        read = Calendar.from_ical(part.get_content())
        [event] = read.walk("VEVENT")
        return str(read["METHOD"]), int(str(event["SEQUENCE"])), event.decoded("DTSTART")


@pytest.fixture
def diary(main: Database) -> Diary:
    return Diary(Dispatch([main], FILES))


async def test_a_meeting_is_moved_repeated_and_called_off(diary: Diary) -> None:
    nine, ten = (NOW + timedelta(days=days) for days in (3, 4))

    said = [
        await diary.hear("visit", visit="v-1", next_visit=nine.isoformat()),
        await diary.hear("visit", visit="v-1", next_visit=nine.isoformat()),
        await diary.hear("visit", visit="v-1", next_visit=ten.isoformat()),
        await diary.hear("off", visit="v-1"),
        await diary.hear("visit", visit="v-2", next_visit=nine.isoformat()),
    ]

    assert said == [
        ("REQUEST", 0, nine),
        ("REQUEST", 0, nine),
        ("REQUEST", 1, ten),
        ("CANCEL", 2, ten),
        ("REQUEST", 0, nine),
    ]


async def test_a_missing_start_or_meeting_holds_the_message(diary: Diary) -> None:
    assert await diary.hear("visit", visit="v-1") is None
    assert await diary.hear("visit", visit=None, next_visit=NOW.isoformat()) is None
