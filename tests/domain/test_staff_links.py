"""Who can do what by a link in a mail to staff, and how long it leads anywhere."""

from datetime import timedelta

import pytest

from domain.assignment import Staff
from domain.follow_up import FollowUp
from domain.follow_up_actions import Accept, Action, Complete, PutOff, Reassign, refused
from domain.snooze_times import presets
from domain.staff_links import VERBS, StaffLink, is_of_use, offers
from domain.teams import Absence, Team, TeamsPolicy
from tests.domain.follow_ups import BERLIN, OFFICE, Keeper, at, team_of

EVERYTHING = set(VERBS) - {"take"}


def opened(staff: Staff | None = None) -> Keeper:
    keeper = Keeper(staff or team_of("ada", "bob"), at(4))
    keeper.open(FollowUp(id="f1", team="sales", opened_at=at(4)))
    return keeper


def offered(keeper: Keeper, by: str) -> set[str]:
    return set(offers(keeper.kept["f1"], by, keeper.staff, keeper.now))


def test_whoever_has_it_can_do_everything_and_whoever_leads_takes_it_over_first() -> None:
    keeper = opened()

    assert offered(keeper, "ada") == EVERYTHING
    assert offered(keeper, "lea") == EVERYTHING - {"accept"} | {"take"}
    assert offered(keeper, "bob") == {"take", "comment"}


def test_who_accepted_does_not_accept_again() -> None:
    keeper = opened()
    keeper.act("f1", Accept(by="ada"))

    assert offered(keeper, "ada") == EVERYTHING - {"accept"}


def test_whoever_lost_it_takes_it_over_unless_they_are_away() -> None:
    keeper = opened()
    keeper.act("f1", Reassign(by="ada", to="bob"))
    assert offered(keeper, "ada") == {"take", "comment"}

    keeper.absent("ada", Absence(at(4), at(8)))

    assert offered(keeper, "ada") == {"comment"}


def test_of_those_who_were_asked_at_once_each_can_accept() -> None:
    keeper = opened(team_of("ada", "bob", assign="first_to_accept"))

    assert offered(keeper, "ada") == offered(keeper, "bob") == EVERYTHING
    keeper.act("f1", Accept(by="bob"))
    assert offered(keeper, "ada") == {"take", "comment"}


def test_what_was_put_off_as_often_as_allowed_is_not_put_off_again() -> None:
    keeper = opened()
    for day in (5, 6, 7):
        assert keeper.act("f1", PutOff(by="ada", until=at(day))) is None

    assert "snooze" not in offered(keeper, "ada")


def test_what_is_over_is_only_commented_for_thirty_days() -> None:
    keeper = opened()
    keeper.act("f1", Complete(by="ada", outcome="sold"))

    assert offered(keeper, "ada") == offered(keeper, "lea") == {"comment"}
    assert is_of_use(keeper.kept["f1"], at(4) + timedelta(days=30) - timedelta(seconds=1))
    assert not is_of_use(keeper.kept["f1"], at(4) + timedelta(days=30))


def test_a_mailbox_acts_as_its_team_and_a_team_of_people_only_while_nobody_has_it() -> None:
    desk = TeamsPolicy(teams={"sales": Team(email="sales@acme.example")})
    keeper = opened(Staff(desk, "sales", BERLIN))
    assert offered(keeper, "sales") == EVERYTHING

    keeper = opened()
    assert offered(keeper, "sales") == {"comment"}
    for who in ("ada", "bob", "lea"):
        keeper.absent(who, Absence(at(4), None))
    assert keeper.kept["f1"].assignee is None
    assert offered(keeper, "sales") == EVERYTHING - {"accept"}


def test_nothing_is_offered_that_the_rules_refuse() -> None:
    keeper = opened()
    for who in ("ada", "bob", "lea", "max", "sales"):
        state, now = keeper.kept["f1"], keeper.now
        said: dict[str, Action] = {
            "accept": Accept(by=who),
            "take": Reassign(by=who, to=who),
            "complete": Complete(by=who, outcome="x"),
        }
        for verb in offered(keeper, who) & set(said):
            assert refused(state, said[verb], keeper.staff, now) is None


@pytest.mark.parametrize(
    ("link", "actor"),
    [(["f1", "ada", "n"], "ada"), (["f1", "zoe", "n"], None), (["f1", "", "n"], "sales")],
)
def test_who_acts_is_whom_the_mail_was_written_to(link: list[str], actor: str | None) -> None:
    keeper = opened()
    found = StaffLink.read(link)

    assert found is not None
    assert found.parts == link
    assert found.actor(keeper.kept["f1"], keeper.staff) == actor


def test_who_has_left_does_not_act_nor_does_a_team_that_is_gone() -> None:
    keeper = opened()
    keeper.leave("ada")
    gone = Staff(TeamsPolicy(), "sales", BERLIN)

    assert StaffLink("f1", "ada", "n").actor(keeper.kept["f1"], keeper.staff) is None
    assert StaffLink("f1", None, "n").actor(keeper.kept["f1"], gone) is None


@pytest.mark.parametrize(
    ("now", "names"),
    [
        (at(4, 9), ["an_hour", "tomorrow", "in_two_days", "next_week"]),
        (at(4, 17, 5), ["tomorrow", "in_two_days", "next_week"]),  # in an hour nobody works any more
        (at(8, 10), ["an_hour", "next_day", "in_two_days"]),  # a Friday: the next day is next week's Monday
        (at(9, 10), ["next_day", "in_two_days"]),
    ],
)
def test_what_can_be_chosen_at_once_fits_the_day(now: object, names: list[str]) -> None:
    assert isinstance(now, type(at(4)))
    found = presets(now, now + timedelta(days=9), OFFICE, BERLIN)

    assert [name for name, _ in found] == names


def test_nothing_can_be_chosen_behind_the_limit() -> None:
    assert [name for name, _ in presets(at(4), at(5), OFFICE, BERLIN)] == ["an_hour", "tomorrow"]
    assert presets(at(4), at(4), OFFICE, BERLIN) == ()
