"""When a cause is one too many, and who sees to it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.assignment import Staff
from domain.learning import MOST_NAMED, Sighted, crowd, whose, why_of_a_crowd
from domain.recovery_policy import Learn
from domain.spans import Span
from domain.teams import Person, Team, TeamsPolicy

MONDAY = datetime(2026, 5, 4, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def cases(*days: int) -> list[Sighted]:
    return [Sighted(1000 + number, MONDAY + day * DAY) for number, day in enumerate(days)]


def in_30_days(since: datetime) -> datetime:
    return since + 30 * DAY


def test_three_within_thirty_days_are_one_too_many_whichever_was_understood_last() -> None:
    first, second, third = cases(0, 12, 29)

    for mine, *others in ((first, second, third), (second, third, first), (third, first, second)):
        assert crowd(mine, others, in_30_days, 3) == (first, second, third)


def test_three_in_thirty_one_days_are_not() -> None:
    first, second, third = cases(0, 12, 31)

    assert crowd(third, [first, second], in_30_days, 3) == ()


def test_a_crowd_long_ago_is_none_of_this_case() -> None:
    *crowded, mine = cases(0, 1, 2, 90)

    assert crowd(mine, crowded, in_30_days, 3) == ()


@given(st.lists(st.integers(0, 120), max_size=9), st.integers(0, 120), st.integers(1, 4))
@settings(max_examples=150)
def test_a_crowd_is_found_where_looking_at_every_span_finds_one(others: list[int], mine: int, at_least: int) -> None:
    one, *more = cases(mine, *others)

    found = crowd(one, more, in_30_days, at_least)

    spans = [[each for each in (one, *more) if start <= each.opened_at <= in_30_days(start)] for start in _starts()]
    largest = max((len(span) for span in spans if one in span), default=0)
    assert len(found) == (largest if largest >= at_least else 0)
    assert not found or one in found
    assert list(found) == sorted(found, key=lambda each: (each.opened_at, each.number))


def _starts() -> list[datetime]:
    return [MONDAY + day * DAY for day in range(-30, 121)]


@given(st.lists(st.integers(0, 60), max_size=9), st.integers(0, 60), st.integers(2, 4))
@settings(max_examples=100)
def test_the_nearest_on_each_side_tell_whether_there_is_a_crowd(others: list[int], mine: int, at_least: int) -> None:
    one, *more = cases(mine, *others)
    before = sorted((each for each in more if each.opened_at <= one.opened_at), key=lambda each: each.opened_at)
    later = sorted((each for each in more if each.opened_at > one.opened_at), key=lambda each: each.opened_at)
    nearest = [*before[-(at_least - 1) :], *later[: at_least - 1]]

    assert bool(crowd(one, nearest, in_30_days, at_least)) == bool(crowd(one, more, in_30_days, at_least))


def test_a_long_list_is_counted_and_not_told() -> None:
    why = why_of_a_crowd("late-delivery", cases(*range(MOST_NAMED + 2)), Span.parse("30 days"))

    assert why.startswith("14 cases of 'late-delivery' in 30 days: 1000, 1001")
    assert why.endswith("1011 and 2 more")


def team(*gone: str, **roles: str) -> Staff:
    names = ("lea", "max", "hedda", "quinn")
    people = {name: Person(name=name.title(), email=f"{name}@acme.example") for name in names}
    policy = TeamsPolicy(people=people, teams={"care": Team.model_validate({"email": "care@acme.example", **roles})})
    return Staff(policy, "care", ZoneInfo("UTC"), gone=frozenset(gone))


def test_whom_the_policy_names_sees_to_it_else_the_manager_the_head_the_lead() -> None:
    everybody = {"lead": "lea", "manager": "max", "head": "hedda"}

    assert whose(Learn(owner="quinn@acme.example"), team(**everybody)) == "quinn"
    assert whose(Learn(owner="quinn"), team("quinn", **everybody)) == "max"
    assert whose(Learn(), team("max", **everybody)) == "hedda"
    assert whose(Learn(), team(lead="lea")) == "lea"
    assert whose(Learn(), team()) is None
