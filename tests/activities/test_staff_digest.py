"""Lists of the day are posted as notes are: to whoever they are for, while they are of use, as things stand then."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities.digests import Digests
from channels.base import Refused, Unavailable
from domain.follow_up_actions import Cancel
from domain.keys import mail_token
from domain.return_addresses import BOUNCES, return_address
from records.follow_up_models import StaffNote
from tests.activities.staff_room import HOUR, TEAMS, Room, Scripted, database_url, posted, read, staff_room, text_of

pytestmark = pytest.mark.system


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """At ten on a Monday, when the office opens: a task of Ada's of which she was told."""
    async with staff_room(database_url(tmp_path)) as opened:
        opened.open("Call them")
        await posted(opened)
        yield opened


async def morning(room: Room) -> StaffNote:
    """Let the notes be written; return Ada's."""
    await Digests(room.database, room.published, lambda: room.now).look()
    return digest(room)


def digest(room: Room) -> StaffNote:
    [row] = [row for row in room.notes() if row.about == "digest" and row.person == "ada"]
    return row


async def test_a_list_goes_to_its_person_with_signed_links_and_comes_back_to_us(room: Room) -> None:
    note = await morning(room)
    [envelope] = (await posted(room)).sent

    letter = read(envelope.body)
    assert (letter["To"], letter["Subject"]) == (
        "Ada Byron <ada@acme.example>", "Your tasks on Mon 2 Mar: 1 to accept",
    )  # fmt: skip
    assert (letter["Auto-Submitted"], letter["Reply-To"]) == ("auto-generated", None)
    assert envelope.sender == return_address(BOUNCES, note.id, "s" * 16, "in.acme.example")
    assert mail_token(note.id, "s" * 16) in envelope.sender
    assert "https://crm.acme.example/s/" in text_of(letter)
    kept = digest(room)
    assert (kept.state, kept.message_id, kept.subject) == ("accepted", letter["Message-ID"], letter["Subject"])


async def test_what_has_ended_meanwhile_is_not_told(room: Room) -> None:
    await morning(room)
    [task] = [row.follow_up_id for row in room.notes() if row.follow_up_id is not None]
    assert task is not None
    room.act(task, Cancel(by="ada", reason="not needed"))
    await posted(room)
    assert (digest(room).state, digest(room).reason) == ("skipped", "nothing is open")


async def test_what_could_not_leave_all_morning_is_left_out(room: Room) -> None:
    note = await morning(room)
    await posted(room, Unavailable("greylisted", "450 4.7.1"))
    assert digest(room).state == "waiting"
    room.now += 4 * HOUR
    assert (await posted(room)).sent == []
    assert (digest(room).state, digest(room).reason) == ("skipped", "the morning was over before it could leave")
    assert note.data["until"] == room.now.isoformat()


async def test_the_links_of_whoever_cannot_be_reached_go_to_nobody_else(room: Room) -> None:
    await morning(room)
    await posted(room, Refused("no such user", "550 5.1.1", suppress=True))
    room.now += HOUR
    later = await posted(room)

    assert [each.recipient for each in later.sent] == []
    assert (digest(room).state, digest(room).reason) == ("skipped", "ada cannot be written to")
    assert any(notice.cause.startswith("staff/ada") for notice in room.notices())


async def test_who_has_left_gets_no_list(room: Room) -> None:
    await morning(room)
    room.publish(**{"policies/teams.yaml": TEAMS.replace("  ada: {name: Ada Byron, email: ada@acme.example}\n", "")
                    .replace("members: [ada]", "members: [bob]")})  # fmt: skip
    channel = Scripted()
    await room.poster(channel).look()
    assert (digest(room).state, digest(room).reason) == ("skipped", "ada has left")
