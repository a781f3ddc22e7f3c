"""Teams are told in their chat, too: by real HTTP, in the form their program takes, and no name calls anybody."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.chat import Chats
from channels.outbox import Kept, Outbox
from channels.webhooks import Line
from tests.activities.staff_room import MINUTE, TEAMS, Room, Scripted, database_url, staff_room
from tests.scripted_http import HANG, ScriptedHttp, answer

pytestmark = pytest.mark.system

NOBODY = """
people: {lea: {name: Lea Lead, email: lea@acme.example}}
teams:
  sales: {label: Sales, email: sales@acme.example, chat: true, on_call: lea, members: []}
  service: {email: service@acme.example, chat: true, on_call: lea, members: []}
"""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with staff_room(database_url(tmp_path)) as opened:
        opened.publish(**{"policies/teams.yaml": NOBODY})
        yield opened


def states(room: Room) -> dict[str, str]:
    return {note.channel: note.state for note in room.notes()}


async def post(room: Room, server: ScriptedHttp, team: str = "sales", within: float = 5) -> None:
    async with Line(private=True) as line:
        await room.poster(Scripted(), Chats(line, {team: server.address}, within)).look()


async def test_what_is_urgent_is_told_in_the_chat_of_the_team(room: Room) -> None:
    id = room.open("Call Ann Lee")
    async with ScriptedHttp() as server:
        await post(room, server)
    (heard,) = server.heard
    title, about, link = heard.said["text"].split("\n")

    assert states(room) == {"email": "accepted", "chat": "accepted"}
    assert title == "*New task: Call Ann Lee, accept by 10:15*"
    assert about == "Ann Lee, Lee &amp; Co"
    url, _, label = link.strip("<>").partition("|")
    assert label == "Open the task"
    (note,) = (each for each in room.notes() if each.channel == "chat")
    assert room.settings.tokens.read("staff", url.rpartition("/")[2]) == [id, "", note.id]
    assert heard.headers["content-type"] == "application/json"


async def test_what_a_contact_calls_itself_calls_nobody(room: Room) -> None:
    room.change(first_name="<!channel>", last_name="<@U1> @here *a*", company="<https://evil.example|Acme>")
    room.open("Call <!everyone>")
    async with ScriptedHttp() as server:
        await post(room, server)
    text = server.heard[0].said["text"]

    assert "<!" not in text
    assert "<@" not in text
    assert text.count("<") == 1  # our own link
    assert "@here" not in text


async def test_teams_gets_a_card(room: Room) -> None:
    room.open("Call [Ann](https://evil.example)", team="service")
    async with ScriptedHttp.saying([answer(b"", 202)]) as server:
        await post(room, server, "service")
    (sent,) = server.heard[0].said["attachments"]

    assert server.heard[0].said["type"] == "message"
    assert sent["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert sent["content"]["type"] == "AdaptiveCard"
    assert "\\[Ann\\]\\(https" in sent["content"]["body"][0]["text"]
    assert sent["content"]["actions"][0]["url"].startswith("https://crm.acme.example/s/")
    assert states(room)["chat"] == "accepted"


async def test_a_chat_that_is_gone_stops_and_the_operator_is_told_but_mail_goes_on(room: Room) -> None:
    room.open()
    async with ScriptedHttp.saying([answer(b"channel_is_archived", 410)]) as server:
        await post(room, server)
        room.now += 60 * MINUTE
        await post(room, server)
        assert len(server.heard) == 1

    assert states(room) == {"email": "accepted", "chat": "waiting"}
    assert [(each.channel, each.kind) for each in room.channels()] == [("chat/sales", "disabled")]
    (notice,) = room.notices()
    assert notice.what.startswith("channel chat/sales is stopped, its notes wait: 410: the chat is not there any more")


async def test_a_chat_that_asks_for_patience_gets_it(room: Room) -> None:
    room.open()
    async with ScriptedHttp.saying([answer(b"", 429, retry_after="120")]) as server:
        await post(room, server)
        (note,) = (each for each in room.notes() if each.channel == "chat")
        assert note.not_before is not None
        assert note.not_before - room.now == 2 * MINUTE
        room.now += 2 * MINUTE
        await post(room, server)

    assert states(room)["chat"] == "accepted"


async def test_a_chat_that_says_nothing_is_asked_once_more(room: Room) -> None:
    room.open()
    async with ScriptedHttp.saying([HANG, HANG]) as server:
        for _ in range(3):
            await post(room, server, within=0.3)

    assert states(room)["chat"] == "unknown"
    assert len(server.heard) == 2


async def test_a_chat_in_our_own_network_is_not_reached_unless_it_is_allowed(room: Room) -> None:
    room.open()
    async with ScriptedHttp() as server, Line() as line:
        await room.poster(Scripted(), Chats(line, {"sales": server.address})).look()

    assert server.heard == []
    assert [(each.channel, each.kind) for each in room.channels()] == [("chat/sales", "fault")]
    assert server.address not in room.notices()[0].what


async def test_a_team_whose_chat_nobody_named_waits_for_it(room: Room) -> None:
    room.open()
    async with Line() as line:
        await room.poster(Scripted(), Chats(line, {})).look()

    assert states(room)["chat"] == "waiting"
    assert "set RAPPORT_CHAT_URLS" in room.notices()[0].what


async def test_until_we_are_live_a_post_is_kept(room: Room) -> None:
    kept: list[Kept] = []

    async def keep(each: Kept) -> None:
        kept.append(each)

    room.open("Call Ann Lee")
    await room.poster(Scripted(), Outbox("chat", keep)).look()

    assert [(each.channel, each.sender, each.recipient) for each in kept] == [("chat", "Acme", "sales")]
    assert "New task: Call Ann Lee" in json.loads(kept[0].body)["text"]


async def test_a_team_without_a_chat_is_told_by_mail_alone(room: Room) -> None:
    room.publish(**{"policies/teams.yaml": TEAMS})
    room.open()

    assert [note.channel for note in room.notes()] == ["email"]
