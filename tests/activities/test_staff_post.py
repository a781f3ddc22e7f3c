"""Notes to staff reach somebody who reads them, in words to work with, and only while they ask for something."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.follow_up_actions import Complete
from domain.keys import read_mail_token
from domain.return_addresses import read_return_address
from tests.activities.staff_room import (
    MINUTE,
    Room,
    Scripted,
    database_url,
    html_of,
    links_in,
    mailing,
    posted,
    read,
    staff_room,
    text_of,
)
from tests.scripted_smtp import At, ScriptedSmtp

pytestmark = pytest.mark.system


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with staff_room(database_url(tmp_path)) as opened:
        yield opened


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
    page = html_of(found)
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
        link = links_in(read(server.accepted[0].body))[-1]

    told = room.settings.tokens.read("staff", link.rpartition("/")[2])
    assert told is not None
    assert told[1] == ""  # whoever reads it says who they are

    assert (room.note().state, room.note().to_team, room.note().person) == ("accepted", True, "ada")
    (notice,) = room.notices()
    assert notice.what.startswith("ada cannot be written to, the team sales is told instead: 550 5.1.1")


async def test_where_nobody_can_be_told_the_operator_is(room: Room) -> None:
    room.open()
    room.publish(**{"policies/teams.yaml": "teams: {service: {email: service@acme.example}}"})
    assert (await posted(room)).sent == []

    assert room.note().state == "refused"
    assert "there is no team 'sales'" in room.notices()[0].what
