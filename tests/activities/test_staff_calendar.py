"""When a task is due stands in the calendar of whoever has it: once, moved when it moves, taken out when it is over."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from channels.base import Unknown
from domain.follow_up_actions import Cancel, PutOff, Reassign
from tests.activities.staff_room import HOUR, MINUTE, MONDAY, Room, Scripted, database_url, posted, read, staff_room

pytestmark = pytest.mark.system


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with staff_room(database_url(tmp_path)) as opened:
        yield opened


def entry(letter: EmailMessage) -> Any:
    """Return what a calendar reads in a letter; None where it reads nothing."""
    parts = [each for each in letter.walk() if each.get_content_type() == "text/calendar" and not each.get_filename()]
    if not parts:
        return None
    payload = parts[0].get_payload(decode=True)
    assert isinstance(payload, bytes)
    found = Calendar.from_ical(payload)
    event = found.events[0]
    said = (str(found["method"]), int(str(event["sequence"])), str(event["uid"]))
    return (*said, event.get("dtstart").dt.astimezone(UTC) if event.get("dtstart") else None)


async def told(room: Room) -> dict[str, Any]:
    channel = Scripted()
    await room.poster(channel).look()
    return {each.recipient: entry(read(each.body)) for each in channel.sent}


def at(hour: int, minute: int = 0) -> datetime:
    return MONDAY.replace(hour=hour, minute=minute)


async def test_it_is_entered_with_the_task_and_not_with_each_reminder(room: Room) -> None:
    id = room.open()
    method, count, uid, start = (await told(room))["ada@acme.example"]
    room.ring(id, 8 * MINUTE)
    reminded = await told(room)

    assert (method, count, start) == ("REQUEST", 0, at(10))
    assert uid.endswith("@mail.acme.example")
    assert reminded == {"ada@acme.example": None}


async def test_it_moves_when_the_task_was_put_off(room: Room) -> None:
    id = room.open()
    _, _, uid, _ = (await told(room))["ada@acme.example"]
    assert room.act(id, PutOff(by="ada", until=room.now + 2 * HOUR)) is None
    room.ring(id, 2 * HOUR + 31 * MINUTE)
    moved = (await told(room))["ada@acme.example"]

    assert moved == ("REQUEST", 1, uid, at(12))


async def test_whoever_has_it_no_more_has_it_taken_out(room: Room) -> None:
    id = room.open()
    _, _, uid, _ = (await told(room))["ada@acme.example"]
    room.now += MINUTE
    assert room.act(id, Cancel(by="lea", reason="sold")) is None

    assert (await told(room)) == {"ada@acme.example": ("CANCEL", 1, uid, at(10))}


async def test_who_gets_it_from_another_has_an_entry_of_their_own(room: Room) -> None:
    id = room.open()
    _, _, uid, _ = (await told(room))["ada@acme.example"]
    room.now += MINUTE
    assert room.act(id, Reassign(by="ada", to="bob")) is None
    method, count, another, start = (await told(room))["bob@acme.example"]

    assert (method, count, start) == ("REQUEST", 0, at(10))
    assert another != uid


async def test_a_repeat_is_the_same_entry(room: Room) -> None:
    room.open()
    await posted(room, Unknown("the line was lost"))

    assert (await told(room))["ada@acme.example"][:2] == ("REQUEST", 0)
    assert room.note().calendar == {"start": at(10).isoformat(), "cancelled": False, "count": 0}


async def test_nobody_is_asked_whether_they_come_and_their_time_stays_free(room: Room) -> None:
    room.open("Call <them>\r\nATTENDEE:x")
    (letter,) = (await posted(room)).sent
    parts = [each for each in read(letter.body).walk() if each.get_content_type() == "text/calendar"]
    payload = parts[0].get_payload(decode=True)
    assert isinstance(payload, bytes)
    text = payload.decode().replace("\r\n ", "")

    assert "RSVP=FALSE" in text
    assert "TRANSP:TRANSPARENT" in text
    assert "\r\nATTENDEE:x" not in text
    assert timedelta(minutes=15) == Calendar.from_ical(text).events[0].duration
