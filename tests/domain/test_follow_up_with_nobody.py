"""A follow-up that nobody has: it can be taken, it stays with whoever may take it, and it is not forgotten."""

from datetime import timedelta

from domain.assignment import OPERATOR
from domain.follow_up_actions import Accept, Complete, PutOff
from domain.follow_up_policy import Rung
from domain.teams import Absence
from tests.domain.follow_ups import Keeper, at, team_of
from tests.domain.test_follow_up import TERMS, keeper


def left_alone() -> Keeper:
    """Ada accepted it, and is away now, as everybody else is whom the team asks."""
    kept = keeper("ada", terms=TERMS.model_copy(update={"ladder": (Rung(at=100, to="manager"),)}))
    kept.act("call", Accept(by="ada"))
    kept.absent("lea", Absence(at(4), None))
    kept.until(at(4, 10))
    kept.absent("ada", Absence(at(4, 10), at(11)))
    assert kept.kept["call"].assignee is None
    return kept


def test_what_was_accepted_by_somebody_who_is_away_now_can_be_accepted_by_another() -> None:
    kept = left_alone()

    assert kept.kept["call"].accepted_at is None
    assert kept.act("call", Accept(by="ada")) is None


def test_what_was_accepted_by_somebody_who_is_away_now_goes_to_whom_the_ladder_told() -> None:
    kept = left_alone()
    kept.until(at(4, 18, 5))

    assert kept.said("call", "overdue", "assigned")[1:] == ["overdue max Mon 04 17:30", "assigned max Mon 04 18:00"]


def test_what_is_put_off_for_those_who_were_asked_is_still_theirs_to_take() -> None:
    kept = keeper(staff=team_of("ada", "bob", assign="first_to_accept"))

    assert kept.act("call", PutOff(by=OPERATOR, until=at(4, 12))) is None

    state = kept.kept["call"]
    assert (state.offered, state.accepted_at) == (("ada", "bob"), None)
    assert kept.act("call", Accept(by="bob")) is None


def test_those_who_were_asked_are_told_that_somebody_else_has_done_it() -> None:
    kept = keeper(staff=team_of("ada", "bob", assign="first_to_accept"))
    kept.act("call", Complete(by=OPERATOR, outcome="done"))

    assert kept.said("call", "completed") == ["completed ada bob Mon 04 09:00"]


def test_asking_every_quarter_of_an_hour_for_a_month_leaves_no_trail() -> None:
    kept = keeper(staff=team_of(), terms=TERMS)
    kept.absent("lea", Absence(at(4), None))
    kept.until(at(4) + timedelta(28))

    assert len(kept.kept["call"].rang) < 12
