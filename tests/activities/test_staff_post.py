"""Notes to staff are posted: once, whatever dies, to somebody who reads them, and only while they ask for something."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.staff_post import StaffPost
from channels.base import Accepted, Away, BeforeBody, Envelope, Refused, SenderFault, Unavailable, Unknown
from domain.follow_up_actions import Complete
from domain.keys import read_mail_token
from domain.return_addresses import read_return_address
from records import staff_notes, staff_ways
from records.ledger import NotOurs
from records.session import Database
from tests.activities.staff_room import (
    HOUR,
    LEASE,
    MINUTE,
    Room,
    database_url,
    links_in,
    mailing,
    read,
    staff_room,
    text_of,
)
from tests.scripted_smtp import DROP, FINE, At, ScriptedSmtp

pytestmark = pytest.mark.system


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with staff_room(database_url(tmp_path)) as opened:
        yield opened


@dataclass
class Scripted:
    """A channel that does what it is told, one letter after the other; then it takes everything."""

    script: list[Exception | None] = field(default_factory=list)
    sent: list[Envelope] = field(default_factory=list)
    at_body: Callable[[], Any] = lambda: None
    begins: bool = True

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        answer = self.script.pop(0) if self.script else None
        if isinstance(answer, Unavailable | Refused | SenderFault) and not self.begins:
            raise answer
        self.at_body()
        await before_body()
        if answer is not None:
            raise answer
        self.sent.append(letter)
        return Accepted("taken")


async def posted(room: Room, *script: Exception | None) -> Scripted:
    channel = Scripted(list(script))
    await room.poster(channel).look()
    return channel


async def test_whoever_gets_a_task_is_told_what_about_whom_and_by_when(room: Room) -> None:
    room.open("Call Ann Lee")
    async with ScriptedSmtp() as server, mailing(server.port) as mail:
        assert await room.poster(mail).look() == 1
        (body,) = server.bodies
        (received,) = server.received
    letter, note = read(body), room.note()

    assert (note.state, received.recipient) == ("accepted", "ada@acme.example")
    assert letter["Subject"] == note.subject == "New task: Call Ann Lee, accept by 10:15"
    assert letter["Message-ID"] == note.message_id
    assert letter["From"] == "Acme <hello@acme.example>"
    assert letter["To"] == "Ada Byron <ada@acme.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in letter
    said = text_of(letter)
    for words in ("Ann Lee", "Lee & Co", "ann@customer.example", "+49 30 1234567", "it is the turn of ada", "rule hot"):
        assert words in said
    assert "Done by 11:00" in said
    assert "Mon 2 Mar 10:00: task opened (sales)" in said


async def test_an_answer_goes_to_the_contact_and_to_us(room: Room) -> None:
    room.open()
    (letter,) = (await posted(room)).sent
    answered = [each.addr_spec for each in read(letter.body)["Reply-To"].addresses]

    assert answered[0] == "ann@customer.example"
    ours = read_return_address(answered[1], "in.acme.example", ["s" * 16])
    assert ours is not None
    assert (ours.way, ours.message) == ("r", room.note().id)
    bounces = read_return_address(letter.sender, "in.acme.example", ["s" * 16])
    assert bounces is not None
    assert bounces.message == room.note().id == read_mail_token(letter.known_by, ["s" * 16])


async def test_its_links_say_which_task_and_who_and_nothing_of_the_contact(room: Room) -> None:
    id = room.open()
    (letter,) = (await posted(room)).sent
    links = links_in(read(letter.body))

    assert [each.partition("?")[2] for each in links] == ["do=accept", "do=complete", "do=snooze", "do=reassign", ""]
    token = links[0].partition("/s/")[2].partition("?")[0]
    assert room.settings.tokens.read("staff", token) == [id, "ada", room.note().id]
    assert {each.partition("?")[0] for each in links} == {f"https://crm.acme.example/s/{token}"}


async def test_what_a_contact_calls_itself_steers_nothing(room: Room) -> None:
    evil = "<script>alert(1)</script>\r\nBcc: eve@evil.example"
    room.change(first_name=evil, last_name='"><img src=x onerror=a()>', company="{{ 7*7 }}{% include 'x' %}")
    room.open(f"Call {evil}")
    (letter,) = (await posted(room)).sent
    found = read(letter.body)

    assert "Bcc" not in found
    assert letter.recipient == "ada@acme.example"
    html = found.get_body(("html",))
    assert html is not None
    page = html.get_content()
    assert "<script>" not in page
    assert "<img" not in page
    assert "{{ 7*7 }}" in page
    assert next(each.addr_spec for each in found["Reply-To"].addresses) == "ann@customer.example"


async def test_a_contact_without_an_address_is_told_of_all_the_same(room: Room) -> None:
    room.change(email=None, first_name=None, last_name=None)
    room.open()
    (letter,) = (await posted(room)).sent

    assert [each.addr_spec.partition("+")[0] for each in read(letter.body)["Reply-To"].addresses] == ["r"]
    assert "About Lee & Co:" in text_of(read(letter.body))


async def test_our_people_are_written_to_in_the_language_of_the_house(room: Room) -> None:
    german = {
        "policies/messaging.yaml": "organisation: {locale: de}\nsenders: {default: {from: Acme <hello@acme.example>}}"
    }
    room.publish(**german)
    room.open("Ann anrufen")
    (letter,) = (await posted(room)).sent

    assert read(letter.body)["Subject"] == "Neue Aufgabe: Ann anrufen, annehmen bis 10:15"
    assert "Annehmen (https://crm.acme.example/s/" in text_of(read(letter.body))


async def test_a_company_says_it_in_its_own_words(room: Room) -> None:
    own = "{% block subject %}Do {{ task.title }}{% endblock %}{% block html %}{{ person.name }}, please{% endblock %}"
    room.publish(**{"templates/staff/task/assigned.html": own})
    room.open("this")
    (letter,) = (await posted(room)).sent

    assert read(letter.body)["Subject"] == "Do this"
    assert "Ada Byron, please" in text_of(read(letter.body))


async def test_a_text_that_cannot_be_rendered_keeps_nobody_from_being_told(room: Room) -> None:
    own = "{% block subject %}{{ contact.city }}{% endblock %}{% block html %}x{% endblock %}"
    room.publish(**{"templates/staff/task/assigned.html": own})
    room.open("this")
    (letter,) = (await posted(room)).sent

    assert read(letter.body)["Subject"].startswith("New task: this")
    (notice,) = room.notices()
    assert "contact.city is missing" in notice.what


async def test_what_is_told_late_asks_for_nothing_that_is_over(room: Room) -> None:
    id = room.open()
    assert room.act(id, Complete(by="ada", outcome="reached")) is None
    channel = await posted(room)

    assert channel.sent == []
    assert (room.note().state, room.note().reason) == ("skipped", "the task was completed meanwhile")


async def test_what_ends_while_it_is_written_is_not_asked_for(room: Room) -> None:
    id = room.open()
    channel = Scripted(at_body=lambda: room.act(id, Complete(by="ada", outcome="reached")))
    await room.poster(channel).look()

    assert channel.sent == []
    assert room.note().state == "skipped"


async def test_who_is_reminded_of_what_another_has_now_is_not(room: Room) -> None:
    id = room.open()
    await posted(room)
    room.ring(id, 8 * MINUTE)  # half of the time to accept it
    room.publish(**{"policies/teams.yaml": TEAMS_WITHOUT_ADA})
    room.ring(id, 20 * MINUTE)
    await posted(room)

    assert {(note.about, note.state) for note in room.notes() if note.person == "ada" and note.about == "reminder"} == {
        ("reminder", "skipped")
    }


TEAMS_WITHOUT_ADA = """
people: {lea: {name: Lea Lead, email: lea@acme.example}, ada: {name: Ada, email: ada@acme.example}}
teams: {sales: {email: sales@acme.example, lead: lea, members: [lea]}}
"""


async def test_who_has_left_is_told_at_the_address_of_the_team(room: Room) -> None:
    room.open()
    room.publish(**{"policies/teams.yaml": "teams: {sales: {email: sales@acme.example}}"})
    (letter,) = (await posted(room)).sent

    assert letter.recipient == "sales@acme.example"
    assert room.notices()[0].what == "ada has left, their team is told instead"


async def test_an_address_that_takes_nothing_is_replaced_by_that_of_the_team(room: Room) -> None:
    room.open()
    async with ScriptedSmtp([At("rcpt", "550 5.1.1 no such user")]) as server, mailing(server.port) as mail:
        poster = room.poster(mail)
        await poster.look()
        assert room.note().state == "waiting"
        await poster.look()
        assert [each.recipient for each in server.accepted] == ["sales@acme.example"]

    assert (room.note().state, room.note().to_team, room.note().person) == ("accepted", True, "ada")
    (notice,) = room.notices()
    assert notice.what.startswith("ada cannot be written to, the team sales is told instead: 550 5.1.1")


async def test_where_nobody_can_be_told_the_operator_is(room: Room) -> None:
    room.open()
    room.publish(**{"policies/teams.yaml": "teams: {service: {email: service@acme.example}}"})
    assert (await posted(room)).sent == []

    assert room.note().state == "refused"
    assert "there is no team 'sales'" in room.notices()[0].what


async def test_a_no_for_now_is_tried_again_with_growing_rests_and_not_for_ever(room: Room) -> None:
    room.open()
    rests: list[timedelta] = []
    for _ in range(5):
        await posted(room, Unavailable("greylisted", "450 4.7.1"))
        waits = room.note().not_before
        if waits is not None:
            rests.append(waits - room.now)
            assert (await posted(room)).sent == []  # not before its time
            room.now = waits

    assert rests == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert room.note().state == "refused"
    assert "at 5 attempts" in room.notices()[0].what


async def test_while_the_mail_server_is_away_everything_waits_and_one_note_tries_it(room: Room) -> None:
    room.open()
    room.open("Another")
    first = await posted(room, Away("nobody answers"), Away("nobody answers"))
    assert first.sent == []
    assert {note.state for note in room.notes()} == {"waiting"}
    assert {note.attempts for note in room.notes()} == {0}
    assert (await posted(room)).sent == []

    room.now += timedelta(seconds=6)
    probe = await posted(room)
    assert len(probe.sent) == 1
    room.now += timedelta(seconds=1)
    assert len((await posted(room)).sent) == 1
    assert [state.stopped_at for state in room.channels()] == [None]


async def test_our_own_fault_stops_mail_to_staff_and_loses_no_note(room: Room) -> None:
    room.open()
    await posted(room, SenderFault("relay access denied", "554 5.7.1"))

    assert room.note().state == "waiting"
    assert [(each.channel, each.kind) for each in room.channels()] == [("staff", "fault")]
    assert room.notices()[0].kind == "channel stopped"
    room.now += timedelta(minutes=16)
    assert len((await posted(room)).sent) == 1


async def test_a_note_whose_fate_nobody_knows_is_sent_once_more_under_the_same_message_id(room: Room) -> None:
    room.open()
    async with ScriptedSmtp([At("dot", DROP), At("dot", DROP), FINE]) as server, mailing(server.port) as mail:
        poster = room.poster(mail)
        for _ in range(4):
            await poster.look()
        ids = [read(body)["Message-ID"] for body in server.bodies]

    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert room.note().state == "unknown"
    assert "may not have been told" in room.notices()[0].what


@dataclass
class Killed(Exception):
    """As `kill -9`: nothing is written down any more."""


async def test_who_is_killed_before_the_body_leaves_has_sent_nothing_and_another_does(room: Room) -> None:
    room.open()
    now = room.now
    ready = room.database.read_now(lambda session: staff_ways.ready(session, now, 20))
    ((way, ids),) = ready.items()
    room.database.write_now(lambda session: staff_ways.reserve(session, way, ids, "died", now, LEASE))
    assert (await posted(room)).sent == []  # it may be alive

    room.now += staff_notes.PREPARING
    assert len((await posted(room)).sent) == 1
    assert room.note().repeats == 0


@pytest.mark.parametrize("late", [timedelta(0), 3 * HOUR])
async def test_who_is_killed_in_the_window_leaves_one_repeat(room: Room, late: timedelta) -> None:
    room.open()
    taken = _reserved(room, "died")
    room.database.write_now(lambda session: staff_notes.hand_over(session, taken, room.now, LEASE))
    assert (await posted(room)).sent == []

    room.now += LEASE + late
    await posted(room)  # buries it
    assert (room.note().state, room.note().repeats) == ("waiting", 1)
    assert len((await posted(room)).sent) == 1
    assert (room.note().state, room.note().attempts) == ("accepted", 2)


async def test_a_yes_that_comes_late_settles_what_nobody_knew(room: Room) -> None:
    room.open()
    taken, lost_at = _reserved(room, "slow"), room.now + LEASE
    room.database.write_now(lambda session: staff_notes.hand_over(session, taken, room.now, LEASE))
    room.database.write_now(lambda session: staff_ways.lost(session, taken.id, "died", lost_at))
    room.database.write_now(lambda session: staff_ways.accepted(session, taken, lost_at))

    assert room.note().state == "accepted"
    assert (await posted(room)).sent == []


def _reserved(room: Room, attempt: str) -> staff_notes.Taken:
    note, now = room.note(), room.now
    (taken,) = room.database.write_now(
        lambda session: staff_ways.reserve(session, staff_ways.way_of(note), [note.id], attempt, now, LEASE)
    )
    return taken


async def test_of_two_attempts_only_the_one_that_has_it_moves_a_note(room: Room) -> None:
    room.open()
    first = _reserved(room, "first")
    room.now += staff_notes.PREPARING
    second = _reserved(room, "second")

    with pytest.raises(NotOurs):
        room.database.write_now(lambda session: staff_notes.hand_over(session, first, room.now, LEASE))
    room.database.write_now(lambda session: staff_notes.hand_over(session, second, room.now, LEASE))


@pytest.mark.parametrize("dies_at", ["reserve", "hand_over", "accept"])
async def test_a_worker_that_cannot_commit_leaves_a_note_that_is_posted_all_the_same(room: Room, dies_at: str) -> None:
    room.open()
    channel = Scripted()
    broken = room.poster(channel)
    object.__setattr__(broken, "main", Breaking(room.database, dies_at))
    with pytest.raises(Killed) if dies_at == "reserve" else _nothing():
        await broken.look()

    left = len(channel.sent)
    assert left == (1 if dies_at == "accept" else 0)
    room.now += LEASE
    for _ in range(2):
        await room.poster(channel).look()
    assert len(channel.sent) == left + 1
    assert {read(each.body)["Message-ID"] for each in channel.sent} == {room.note().message_id}
    assert room.note().state == "accepted"


class _nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@dataclass
class Breaking:
    """A database whose process dies at a named write."""

    database: Database
    dies_at: str
    writes: int = 0

    async def read(self, work: Callable[..., Any]) -> Any:
        return await self.database.read(work)

    async def write(self, work: Callable[..., Any]) -> Any:
        self.writes += 1
        if self.writes == ["reserve", "hand_over", "accept"].index(self.dies_at) + 1:
            raise Killed
        return await self.database.write(work)


async def test_two_workers_post_each_note_once(room: Room) -> None:
    for number in range(30):
        room.open(f"Task {number}")
    async with ScriptedSmtp() as server, mailing(server.port) as one, mailing(server.port) as other:
        workers: list[StaffPost] = [room.poster(one), room.poster(other)]
        for _ in range(3):
            await asyncio.gather(*(worker.look() for worker in workers))
        ids = [read(body)["Message-ID"] for body in server.bodies]

    assert len(ids) == len(set(ids)) == 30
    assert {note.state for note in room.notes()} == {"accepted"}


async def test_a_reply_nobody_understands_is_unknown(room: Room) -> None:
    room.open()
    await posted(room, Unknown("the line was lost"))

    assert (room.note().state, room.note().repeats) == ("waiting", 1)
