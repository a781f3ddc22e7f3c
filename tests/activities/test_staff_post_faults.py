"""Notes to staff are posted once, whatever dies; what nobody knows is sent once more, and nothing is forgotten."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.staff_post import StaffPost
from channels.base import Away, SenderFault, Unavailable, Unknown
from records import staff_notes, staff_ways
from records.ledger import NotOurs, Taken
from records.session import Database
from tests.activities.staff_room import (
    HOUR,
    LEASE,
    MINUTE,
    Room,
    Scripted,
    database_url,
    mailing,
    posted,
    read,
    staff_room,
)
from tests.scripted_smtp import DROP, FINE, At, ScriptedSmtp

pytestmark = pytest.mark.system


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with staff_room(database_url(tmp_path)) as opened:
        yield opened


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


def _reserved(room: Room, attempt: str) -> Taken:
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
