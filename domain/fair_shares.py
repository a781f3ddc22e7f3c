"""Whether a team's work was shared out by weight: what everybody was given in turn, and what would be theirs.

The one thing to know: only what was given in turn is compared. What somebody got since they look after the contact, or
stand in for a colleague, or were handed, was nobody's turn.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.assignment import A_TURN, LEAST, TURN_OF
from domain.promises import Given
from domain.teams import Team


def by_turn(why: Sequence[str]) -> bool:
    """Whether somebody was chosen by the team's strategy, and not since they look after the contact, or stand in.

    >>> by_turn(["bob is away", "it is the turn of ada"]), by_turn(["ada looks after the contact"])
    (True, False)
    """
    return bool(why) and (why[-1].startswith(TURN_OF) or LEAST in why[-1])


@dataclass(frozen=True)
class Member:
    """What one member was given: `in_turn` by the team's strategy, `otherwise` for another reason.

    `fair` is their part of all turns by weight; `turns` what they have had ever, in turns of a member who weighs 1.
    """

    key: str
    weight: int
    in_turn: int
    otherwise: int
    fair: float
    turns: float


@dataclass(frozen=True)
class Shares:
    """A team's members, and by how many turns those who had most are ahead of those who had least."""

    strategy: str
    members: tuple[Member, ...]
    apart: float


def shares(team: Team, given: Iterable[Given], had: Mapping[str, int]) -> Shares:
    """Return how a team shared out what was given; `had` are the turns its members have had ever.

    >>> team = Team(email="sales@acme.example", members={"ada": 2, "bob": 1})
    >>> turn = ["it is the turn of them"]
    >>> told = shares(team, [Given(None, key, "rapport", turn) for key in ("ada", "ada", "bob")], {})
    >>> [(each.key, each.in_turn, each.fair) for each in told.members]
    [('ada', 2, 2.0), ('bob', 1, 1.0)]
    """
    counted = Counter((each.to, by_turn(each.why)) for each in given)
    all_turns, weights = sum(counted[key, True] for key in team.members), sum(team.members.values())
    members = tuple(
        Member(
            key=key,
            weight=weight,
            in_turn=counted[key, True],
            otherwise=counted[key, False],
            fair=all_turns * weight / weights,
            turns=had.get(key, 0) / A_TURN,
        )
        for key, weight in team.members.items()
    )
    known = [had[key] for key in team.members if key in had]
    return Shares(team.assign, members, (max(known) - min(known)) / A_TURN if known else 0.0)
