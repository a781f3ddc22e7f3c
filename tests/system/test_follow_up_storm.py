"""A working day in a minute and a half, fifty follow-ups, and `kill -9` of worker and web at random: nothing is
forgotten, nothing rings twice, nobody is told twice. Half a day of half as many is lived every time.
"""

import asyncio
import random
import time
import uuid
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from domain.follow_up_actions import Accept, Action, Comment, Complete, PutOff, Reassign
from records.follow_up_models import FollowUp, StaffNote
from records.follow_up_rows import state_of
from records.models import Contact, Interaction
from starter.acting import Desk, OutOfReach, Refused, connecting
from tests.system.authored import FORM
from tests.system.company import Company, founded
from tests.system.waiting import until

pytestmark = pytest.mark.system

# How much happens in a whole day, and in the half of one.
WHOLE, HALF = 50, 25
TEAM = ("ada", "bob", "cy", "dot")
TEAMS = """
    people:
      ada: {name: Ada, email: ada@acme.example}
      bob: {name: Bob, email: bob@acme.example, deputy: cy}
      cy: {name: Cy, email: cy@acme.example}
      dot: {name: Dot, email: dot@acme.example}
      lea: {name: Lea, email: lea@acme.example}
      max: {name: Max, email: max@acme.example}
      hal: {name: Hal, email: hal@acme.example}
    teams:
      sales: {email: sales@acme.example, members: [ada, bob, cy, dot], lead: lea, manager: max, head: hal}
"""
# Four hours are five seconds here.
POLICIES = """
    default: quick
    policies:
      quick: {accept_by: 5 seconds, done_by: 12 seconds, reassign_after: 4 seconds, hops: 1,
              snooze: {at_most: 1 minute, times: 2}}
    open:
      call: {on: form_submitted, team: sales, title: "Call {{ contact.first_name }}"}
"""
LADDER = ("ladder/0", "ladder/1", "ladder/2")


class Day:
    """What is done in it: forms, actions, and parts that die."""

    def __init__(self, company: Company, chance: random.Random) -> None:
        self.company, self.chance = company, chance
        self.kept: list[str] = []
        self.said: list[str] = []
        """The notes of comments that were answered as done."""

    def submit(self, number: int) -> None:
        email = f"storm-{number}@customer.example"
        with suppress(OSError):  # nobody answered: a form service would send it again
            if self.company.submit("call", email, first_name=f"Person {number}").status == 202:
                self.kept.append(email)

    def kill(self) -> None:
        with suppress(Exception):
            self.company.stack.kill(self.chance.choice(["worker", "worker", "web"]))

    async def act(self, desk: Desk) -> None:
        """Somebody does something; where nobody answers, it is asked again with the same key."""
        rows = self.open_ones()
        if not rows:
            return
        row = self.chance.choice(rows)
        who = row.assignee or "lea"
        words = f"note {uuid.uuid4()}"
        until_then = time.time() + self.chance.randrange(2, 8)
        actions: list[Action] = [
            Accept(by=who),
            Comment(by=who, note=words),
            Complete(by=who, outcome="done"),
            PutOff.model_validate({"by": who, "until": until_then}),
            Reassign(by=who, to=self.chance.choice(TEAM)),
        ]
        action, key = self.chance.choice(actions), str(uuid.uuid4())
        for _ in range(3):
            try:
                await desk.act(row.id, action, key)
            except Refused:
                return
            except OutOfReach:
                continue
            if isinstance(action, Comment):
                self.said.append(words)
            return

    def open_ones(self) -> list[FollowUp]:
        return self.read(select(FollowUp).where(col(FollowUp.ended_at).is_(None)))

    def read(self, wanted: Any) -> list[Any]:
        return self.company.main.read_now(lambda session: list(session.exec(wanted).all()))


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("seed", "follow_ups"), [(1, HALF), *(pytest.param(seed, WHOLE, marks=pytest.mark.large) for seed in (1, 2, 3))]
)
def test_whatever_dies_nothing_is_forgotten_and_nothing_rings_twice(tmp_path: Path, seed: int, follow_ups: int) -> None:
    with founded(tmp_path) as company:
        files = {"policies/teams.yaml": TEAMS, "policies/follow-ups.yaml": POLICIES, "policies/forms/call.yaml": FORM}
        said = company.edit_all(files)
        assert all(line.startswith("published") for line in said), said
        day = Day(company, random.Random(seed))

        asyncio.run(_a_day(day, follow_ups))
        for part in ("temporal", "worker", "web"):
            company.stack.wait_until_ready(part, within=60)
        company.drained(within=60)
        until(lambda: all(map(_is_over, day.read(select(FollowUp)))), "the end of every ladder", within=150, every=0.5)

        _nothing_is_forgotten(day, follow_ups)
        _nothing_rang_twice(day)
        _everybody_was_told_once(day)


async def _a_day(day: Day, follow_ups: int) -> None:
    desk = Desk(connecting(day.company.settings), day.company.main, patience=timedelta(seconds=5))
    for number in range(follow_ups):
        await asyncio.to_thread(day.submit, number)
        if number % 3 == 1:
            await day.act(desk)
        if number % 7 == 3:
            await asyncio.to_thread(day.kill)
        await asyncio.sleep(day.chance.uniform(0.1, 0.8))  # the day's own rhythm; nothing is waited for


def _is_over(row: FollowUp) -> bool:
    return row.ended_at is not None or all(state_of(row).has_rung(key) for key in LADDER)


def _nothing_is_forgotten(day: Day, follow_ups: int) -> None:
    assert len(day.kept) > follow_ups / 2
    whose = day.read(select(Contact.email).join(FollowUp, col(FollowUp.contact_id) == col(Contact.id)))
    assert set(day.kept) <= set(whose), "who was answered 202 has a follow-up"
    assert max(Counter(whose).values()) == 1
    notes = [row.data.get("note") for row in day.read(select(Interaction).where(Interaction.name == "task_commented"))]
    assert max(Counter(notes).values(), default=1) == 1, "what somebody said is there once"
    assert set(day.said) <= set(notes), "what was answered as done is done"
    assert day.read(select(FollowUp).where(col(FollowUp.asked_at).is_not(None))) == []


def _nothing_rang_twice(day: Day) -> None:
    for row in day.read(select(FollowUp)):
        rang = Counter(each.key for each in state_of(row).rang)
        assert max(rang.values(), default=1) == 1
        mine = (Interaction.contact_id == row.contact_id, Interaction.name == "task_escalated")
        told = Counter((each.data["percent"] - 100) // 50 for each in day.read(select(Interaction).where(*mine)))
        assert told == Counter(int(key[-1]) for key in rang if key in LADDER)


def _everybody_was_told_once(day: Day) -> None:
    over = ["accepted", "skipped", "unknown"]
    waiting = select(StaffNote).where(col(StaffNote.state).not_in(over))
    until(lambda: not day.read(waiting), "every note told", within=60, every=0.5)
    letters = Counter(letter.message_id for letter in day.company.letters())
    for note in day.read(select(StaffNote).where(StaffNote.channel == "email", StaffNote.state == "accepted")):
        # A worker that died while it handed one over has it told again, as the same mail: programs show it once.
        assert letters[note.message_id] >= 1, f"{note.about} to {note.person} did not arrive"
    repeated = sum(count > 1 for count in letters.values())
    assert repeated <= 10, "only what was on the wire when a worker died comes twice"
