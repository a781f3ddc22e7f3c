"""Twenty follow-ups of a week on the time-skipping server, and the same week on the virtual clock: nothing differs.

Both go by the rules of production. Here every follow-up is a row and a workflow; there it is a value in a dictionary.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session
from temporalio.testing import WorkflowEnvironment

from domain.assignment import Staff
from domain.follow_up import FollowUp, Notify
from domain.follow_up_actions import Accept, Action, Cancel, Comment, Complete, PutOff, Reassign
from domain.follow_up_moves import contact_did
from domain.policies import Policies
from domain.teams import Absence
from records.follow_up_models import FollowUp as Row
from records.follow_up_openings import Opening
from records.models import Contact
from records.staffing import is_away
from records.timeline import Happening, record
from tests.domain.follow_ups import Keeper
from tests.workflows.promises import Promise
from tests.workflows.test_sequence import FILES
from tests.workflows.world import World, living

pytestmark = pytest.mark.workflow

BERLIN = ZoneInfo("Europe/Berlin")
TEAM = ("ada", "bob", "cy", "dot", "eli", "fay", "gus", "hana")
# The Friday before clocks change in Berlin.
BEGIN = datetime(2027, 3, 26, 8, tzinfo=BERLIN)
FOLLOW_UPS = 20
PEOPLE = "\n".join(
    f"  {key}: {{name: {key.title()}, email: {key}@acme.example}}" for key in (*TEAM, "lea", "max", "hal")
)
HOME = FILES | {
    "policies/calendars.yaml": """
default: office
calendars:
  office:
    zone: Europe/Berlin
    hours: {mon-fri: ["09:00-12:30", "13:00-17:30"]}
    holidays: {also: ["2027-03-30"]}
""",
    "policies/teams.yaml": f"""
people:
{PEOPLE.replace("ada@acme.example}", "ada@acme.example, deputy: bob}")}
teams:
  sales: {{email: sales@acme.example, members: [{", ".join(TEAM)}], lead: lea, manager: max, head: hal}}
""",
}


@dataclass(frozen=True)
class Deed:
    """Something that happens at an instant: to the follow-up of a number, or (`who`) to one of our people."""

    at: datetime
    number: int
    do: Action | str
    who: str = ""
    until: datetime | None = None
    policy: str = "normal"


@dataclass
class Simulated:
    """The week on the virtual clock; `deeds` is what happened in it, to be done again elsewhere."""

    kept: Keeper
    deeds: list[Deed] = field(default_factory=list)

    def run(self, seed: int) -> "Simulated":
        chance, terms = random.Random(seed), Policies.none().follow_ups
        moments = sorted(BEGIN + timedelta(minutes=chance.randrange(5 * 24 * 60)) for _ in range(4 * FOLLOW_UPS))
        for place, moment in enumerate(moments):
            self.kept.until(moment)
            if place % 4 == 0:
                policy = chance.choice(("hot", "normal"))
                self.deeds.append(Deed(moment, place // 4, "open", policy=policy))
                opened = FollowUp(id=f"{place // 4:03}", team="sales", terms=terms.terms(policy), opened_at=moment)
                self.kept.open(opened)
            elif place % 19 == 0:
                who, until = chance.choice(TEAM), moment + timedelta(hours=chance.randrange(2, 40))
                self.deeds.append(Deed(moment, -1, "away", who, until))
                self.kept.absent(who, Absence(moment, until))
            else:
                self._something(moment, chance)
        self.kept.until(moments[-1] + timedelta(days=14))
        return self

    def _something(self, moment: datetime, chance: random.Random) -> None:
        running = [each for each in self.kept.kept.values() if each.ended_at is None]
        if not running:
            return
        state = chance.choice(running)
        who = state.assignee or chance.choice(TEAM)
        actions: list[Action] = [
            Accept(by=who),
            Comment(by=who, note="rang"),
            Complete(by=who, outcome="done"),
            PutOff(by=who, until=moment + timedelta(hours=chance.randrange(1, 60))),
            Reassign(by=who, to=chance.choice(TEAM)),
            Cancel(by=who, reason="no need"),
        ]
        picked = chance.randrange(len(actions) + 2)
        if picked < len(actions):
            self.deeds.append(Deed(moment, int(state.id), actions[picked]))
            self.kept.act(state.id, actions[picked])
        else:
            event = ("replied", "meeting_booked")[picked - len(actions)]
            self.deeds.append(Deed(moment, int(state.id), event))
            self.kept.moved(contact_did(state, event, moment))


@dataclass
class Lived:
    """The same week on the server, instant after instant."""

    world: World
    promises: dict[int, Promise] = field(default_factory=dict)

    async def run(self, deeds: list[Deed], end: datetime) -> None:
        for deed in deeds:
            await self.until(deed.at)
            await self.do(deed)
        await self.until(end)

    async def until(self, instant: datetime) -> None:
        """Let ring what is due by then, the earliest first: they share a team, and take turns."""
        while True:
            rows = [(number, await promise.row()) for number, promise in sorted(self.promises.items())]
            due = [(row.next_at, number) for number, row in rows if row.next_at is not None and row.ended_at is None]
            at, number = min(due, default=(None, 0))
            if at is None or at > instant:
                return
            await self.promises[number].go_to(at)

    async def do(self, deed: Deed) -> None:
        if deed.do == "open":
            opening = Opening("Call", team="sales", policy=deed.policy)
            self.promises[deed.number] = await Promise.open(self.world, opening, deed.at)
        elif deed.do == "away":
            await self._away(deed)
        elif isinstance(deed.do, str):
            await self._change(self.promises[deed.number], deed.at, _happens(self.world, deed.do, deed.at))
        else:
            await self.promises[deed.number].go_to(deed.at)
            await self.promises[deed.number].act(deed.do, at=deed.at)

    async def _away(self, deed: Deed) -> None:
        def write(session: Session) -> None:
            is_away(session, deed.who, deed.at, deed.until, by="test", now=deed.at)

        await self.world.database.write(write)
        for promise in [self.promises[number] for number in sorted(self.promises)]:
            if (await promise.row()).asked_at is not None:
                await promise.go_to(deed.at)
                await promise.look()

    async def _change(self, promise: Promise, at: datetime, work: Callable[[Session, Contact], None]) -> None:
        if (await promise.row()).ended_at is None:
            await promise.go_to(at)
            await promise.change(work)


def _happens(world: World, event: str, at: datetime) -> Callable[[Session, Contact], None]:
    def work(session: Session, contact: Contact) -> None:
        record(session, world.published, contact, Happening(f"{contact.id}/{at}", event, at), at)

    return work


def simulated_story(kept: Keeper, number: int) -> dict[str, Any]:
    id = f"{number:03}"
    notes = [deed for _, of, deed in kept.told if of == id and isinstance(deed, Notify)]
    told = [
        (when.astimezone(BERLIN), deed.about, who, deed.key)
        for when, of, deed in kept.told
        if of == id and isinstance(deed, Notify)
        for who in deed.to or (None,)
    ]
    assert len(notes) <= len(told)
    return {"state": _plain(kept.kept[id]), "told": sorted(told, key=str)}


async def lived_story(promise: Promise) -> dict[str, Any]:
    told = [
        (note.at.astimezone(BERLIN), note.about, note.person, note.key.split("/", 2)[2].rsplit("/", 2)[0])
        for note in await promise.notes()
    ]
    return {"state": _plain(await promise.state()), "told": sorted(told, key=str)}


def _plain(state: FollowUp) -> dict[str, Any]:
    return {key: _in_berlin(value) for key, value in state.model_dump(exclude={"id", "asked_at"}).items()}


def _in_berlin(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(BERLIN)
    if isinstance(value, dict):
        return {key: _in_berlin(each) for key, each in value.items()}
    return [_in_berlin(each) for each in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.large) for seed in (2, 3))])
async def test_every_clock_reminder_and_rung_is_at_its_second_and_once(
    env: WorkflowEnvironment, tmp_path: Path, seed: int
) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        policies = await world.database.read(world.published.policies)
        simulated = Simulated(Keeper(Staff(policies.teams, "sales", BERLIN, policies.calendars), BEGIN)).run(seed)
        lived = Lived(world)

        await lived.run(simulated.deeds, simulated.kept.now)

        assert len(lived.promises) == FOLLOW_UPS
        for number, promise in lived.promises.items():
            assert await lived_story(promise) == simulated_story(simulated.kept, number), f"follow-up {number}"
            await promise.replay()
        rows = [await promise.row() for promise in lived.promises.values()]
        assert {row.ended for row in rows if row.ended_at is not None} <= {"completed", "cancelled"}
        assert all(isinstance(row, Row) for row in rows)
