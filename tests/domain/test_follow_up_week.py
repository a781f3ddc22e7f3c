"""A week of five hundred follow-ups on a virtual clock, with the rules of production and everything that goes wrong."""

import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest

from domain.follow_up import Alarm, FollowUp, Notify, alarms
from domain.follow_up_actions import Accept, Action, Cancel, Complete, PutOff, Reassign
from domain.follow_up_moves import contact_did, held
from domain.follow_up_policy import FollowUpsPolicy
from domain.teams import Absence
from tests.domain.follow_ups import Keeper, at, team_of

TEAM = ("ada", "bob", "cy", "dot", "eli", "fay", "gus", "hana")
FOLLOW_UPS = 500


def week(seed: int, follow_ups: int = FOLLOW_UPS) -> tuple[Keeper, list[tuple[datetime, str, str]]]:
    """Friday to Friday, over the change of clocks and a holiday; return what was kept, and each alarm as it rang."""
    chance = random.Random(seed)
    kept = Keeper(team_of(*TEAM, deputies={"ada": "bob", "cy": "dot"}), at(27, 8, month=3))
    terms, rang = FollowUpsPolicy(), []
    moments = sorted(
        at(27, 8, month=3) + timedelta(minutes=chance.randrange(7 * 24 * 60)) for _ in range(3 * follow_ups)
    )
    for number, moment in enumerate(moments):
        rang += _rings_until(kept, moment)
        if number % 3 == 0:
            name = chance.choice(("hot", "normal"))
            id = f"task-{number // 3:03}"
            kept.open(FollowUp(id=id, team="sales", terms=terms.terms(name), opened_at=moment))
        elif number % 97 == 0:
            kept.absent(chance.choice(TEAM), Absence(moment, moment + timedelta(hours=chance.randrange(2, 40))))
        else:
            _something_happens(kept, chance)
        _nothing_is_with_somebody_absent(kept)
    rang += _rings_until(kept, moments[-1] + timedelta(days=14))
    return kept, rang


def _rings_until(kept: Keeper, moment: datetime) -> list[tuple[datetime, str, str]]:
    """As `Keeper.until`, and note which alarm was due when it rang."""
    rang = []
    while (due := kept.next_at()) is not None and due <= moment:
        for id in kept.whose(due):
            state = kept.kept[id]
            waiting: list[Alarm] = alarms(state, kept.staff)
            kept.now = max(kept.now, due)
            kept.ring(id)
            rang += [(each.at, id, each.key) for each in waiting if kept.kept[id].has_rung(each.key)]
            assert len(kept.kept[id].rang) > len(state.rang)
    kept.now = moment
    return rang


def _something_happens(kept: Keeper, chance: random.Random) -> None:
    running = [each for each in kept.kept.values() if each.ended_at is None]
    if not running:
        return
    state = chance.choice(running)
    who = state.assignee or chance.choice(TEAM)
    actions: list[Action] = [
        Accept(by=who),
        Accept(by=who),
        Complete(by=who, outcome="done"),
        PutOff(by=who, until=kept.now + timedelta(hours=chance.randrange(1, 60))),
        Reassign(by=who, to=chance.choice(TEAM)),
        Cancel(by=who, reason="no need"),
    ]
    deed = chance.randrange(len(actions) + 2)
    if deed < len(actions):
        kept.act(state.id, actions[deed])
    elif deed == len(actions):
        kept.moved(contact_did(state, chance.choice(("replied", "meeting_booked")), kept.now))
    else:
        kept.moved(held(state, kept.now + timedelta(hours=chance.randrange(1, 90)), kept.now, "away"))


def _nothing_is_with_somebody_absent(kept: Keeper) -> None:
    for state in kept.kept.values():
        if state.ended_at is None and state.assignee is not None:
            assert kept.staff.away(state.assignee, kept.now) is None, f"{state.id} is with {state.assignee}"


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.large) for seed in range(2, 8))])
def test_every_alarm_of_a_week_rings_once_at_its_second_and_nothing_is_forgotten(seed: int) -> None:
    kept, rang = week(seed)

    assert len(kept.kept) == FOLLOW_UPS
    assert max(Counter((id, key) for _, id, key in rang).values()) == 1
    rung_at = {(id, each.key): each.at for id, state in kept.kept.items() for each in state.rang}
    assert all(rung_at[id, key] == due for due, id, key in rang if (id, key) in rung_at)
    keys = Counter((id, deed.key, deed.to) for _, id, deed in kept.told if isinstance(deed, Notify))
    assert max(keys.values()) == 1, "somebody was told the same thing twice"
    for state in kept.kept.values():
        silent = state.ended_at is None and not any(each.key == "ladder/2" for each in state.rang)
        assert not silent, f"{state.id} is open, and the head never heard of it"


def test_turns_are_shared_evenly_among_those_who_are_there() -> None:
    """Three weeks of office hours, nobody ill: each has a share within one of everybody's."""
    kept = Keeper(team_of(*TEAM), at(4, 9))
    counts: Counter[str] = Counter()
    for number in range(1003):
        state = kept.open(FollowUp(id=f"{number}", team="sales", opened_at=kept.now))
        assert state.assignee is not None
        counts[state.assignee] += 1
        kept.act(state.id, Complete(by=state.assignee, outcome="done"))
    assert max(counts.values()) - min(counts.values()) <= 1


def test_the_same_week_is_the_same_again() -> None:
    def story(kept: Keeper) -> dict[str, list[str]]:
        said = defaultdict(list)
        for when, id, deed in kept.told:
            said[id].append(f"{when.isoformat()} {deed}")
        return said

    assert story(week(7, 60)[0]) == story(week(7, 60)[0])
