"""The list of the day: at which hour of which day it comes to whom, and what stands where in it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.assignment import Staff
from domain.calendars import Calendar, Calendars
from domain.digest import LATEST, Digest, Entry, OfTeam, digest_due, digest_of
from domain.digest_lines import MOST, digest_lines, digest_subject
from domain.teams import Absence, Person, TeamsPolicy
from tests.domain.follow_ups import BERLIN, CALENDARS, at, team_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Monday, 4 May 2026; the office opens at nine.
NOW = at(4)


def staff(ada: dict[str, Any] | None = None, **team: Any) -> Staff:
    found = team_of("ada", "bob")
    people = {**found.policy.people, "ada": found.policy.people["ada"].model_copy(update=ada or {})}
    sales = found.policy.teams["sales"].model_copy(update=team)
    return Staff(TeamsPolicy(people=people, teams={"sales": sales}), "sales", BERLIN, CALENDARS, found.absences)


def day_at(now: datetime, known: Staff | None = None) -> date | None:
    due = digest_due(known or staff(), "ada", now)
    return None if due is None else due.day


def test_it_comes_when_their_hours_begin_and_for_four_hours() -> None:
    monday = date(2026, 5, 4)
    assert [day_at(NOW - timedelta(seconds=1)), day_at(NOW), day_at(NOW + LATEST - timedelta(seconds=1))] == [
        None, monday, monday,
    ]  # fmt: skip
    assert day_at(NOW + LATEST) is None, "after an outage nobody gets what was true in the morning"


def test_it_comes_on_no_holiday_and_no_weekend() -> None:
    assert [day_at(at(day)) for day in (2, 3)] == [None, None]
    assert day_at(at(31, month=3)) is None, "a holiday of the office"


@pytest.mark.parametrize(
    ("ada", "team", "hour"),
    [({"digest": "08:30"}, {}, (8, 30)), ({}, {"digest": "10:15"}, (10, 15)),
     ({"digest": "08:30"}, {"digest": "none"}, (8, 30))],
)  # fmt: skip
def test_a_person_or_a_team_says_another_hour(ada: dict[str, Any], team: dict[str, Any], hour: tuple[int, int]) -> None:
    known = staff(ada, **team)
    assert day_at(at(4, *hour), known) == date(2026, 5, 4)
    assert day_at(at(4, *hour) - timedelta(seconds=1), known) is None
    assert day_at(at(3, *hour), known) is None, "it stays a working day's"


def test_who_wants_none_gets_none() -> None:
    assert day_at(NOW, staff({"digest": "none"})) is None
    assert day_at(NOW, staff({}, digest="none")) is None


def test_it_waits_for_nobody_who_is_away_and_comes_if_they_are_back_in_time() -> None:
    known = staff()
    away = Staff(known.policy, "sales", BERLIN, CALENDARS, {"ada": (Absence(at(1), NOW + HOUR),)})
    assert day_at(NOW, away) is None
    assert day_at(NOW + HOUR, away) == date(2026, 5, 4)


def test_an_hour_before_midnight_is_told_after_it_too() -> None:
    assert day_at(at(5, 1), staff({"digest": "23:30"})) == date(2026, 5, 4)


def test_whose_hours_nobody_says_begins_at_eight_on_weekdays() -> None:
    known = Staff(TeamsPolicy(people={"ada": Person(name="Ada", email="a@acme.example")}), None, BERLIN)
    assert [day_at(at(4, 7, 59), known), day_at(at(4, 8), known), day_at(at(3, 8), known)] == [
        None, date(2026, 5, 4), None,
    ]  # fmt: skip


def test_an_hour_that_the_clocks_jump_over_is_told_all_the_same() -> None:
    every_day = Calendar(zone="Europe/Berlin", hours={"mon-sun": ["09:00-17:00"]})
    calendars = Calendars(default="every", calendars={"every": every_day})
    known = Staff(staff({"digest": "02:30"}).policy, "sales", BERLIN, calendars)
    assert day_at(at(29, 3, 30, month=3), known) == date(2026, 3, 29)


@pytest.mark.parametrize("words", ["8:30", "24:00", "noon", ""])
def test_what_is_no_hour_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="is no hour; write HH:MM, as in 08:30, or none"):
        Person(name="Ada", email="a@acme.example", digest=words)


@given(minutes=st.integers(0, 60 * 24 * 14))
def test_whenever_it_is_due_it_is_a_working_day_within_four_hours(minutes: int) -> None:
    now = at(1) + timedelta(minutes=minutes)
    due = digest_due(staff(), "ada", now)
    assert due is None or (due.day.weekday() < 5 and due.at <= now < due.until)
    opens = now.astimezone(BERLIN)
    expected = opens.weekday() < 5 and 9 <= opens.hour < 13
    assert (due is not None) == expected


# --- what stands in it ---------------------------------------------------------------------------------------------


def task(id: str, due: datetime | None = None, **more: Any) -> Entry:
    given: dict[str, Any] = {"title": f"Task {id}", "assignee": "ada", "team": "sales", "accepted": True}
    return Entry(id, contact="Ann", due=due, **given | more)


def sorted_out(*entries: Entry, person: str = "ada", leads: tuple[str, ...] = ()) -> Digest:
    return digest_of(entries, person, leads, NOW, BERLIN)


def test_each_stands_in_one_place_what_is_due_first_first() -> None:
    digest = sorted_out(
        task("later", NOW + DAY),
        task("held", None),
        task("new", NOW + HOUR, accepted=False),
        task("asked", NOW + 2 * HOUR, accepted=False, assignee=None, offered=("bob", "ada")),
        task("evening", NOW + 8 * HOUR),
        task("noon", NOW + 3 * HOUR),
        task("late", NOW - HOUR, accepted=False),
        task("of-bob", NOW - HOUR, assignee="bob"),
        task("of-nobody", NOW, assignee=None),
    )
    sections = (digest.overdue, digest.to_accept, digest.due_today, digest.later)
    assert [[each.follow_up for each in found] for found in sections] == [
        ["late"], ["new", "asked"], ["noon", "evening"], ["later", "held"],
    ]  # fmt: skip
    assert (digest.own, digest.teams) == (7, ())


def test_a_lead_sees_what_is_overdue_with_others_and_what_nobody_has() -> None:
    late, lost = task("late", NOW - HOUR), task("lost", NOW + HOUR, assignee=None)
    digest = sorted_out(
        late, lost, task("fine", NOW + HOUR), task("own", NOW - HOUR, assignee="lea"),
        task("of-others", NOW - HOUR, team="service"), person="lea", leads=("sales",),
    )  # fmt: skip
    assert digest.teams == (OfTeam("sales", (late,), (lost,)),)
    assert [each.follow_up for each in digest.overdue] == ["own"]


def test_who_has_nothing_to_do_has_an_empty_list() -> None:
    assert sorted_out(task("of-bob", assignee="bob")).is_empty
    assert sorted_out(task("fine", NOW + HOUR, assignee="bob"), person="lea", leads=("sales",)).is_empty


def test_it_is_said_on_their_clock_with_an_address_for_each() -> None:
    digest = sorted_out(
        task("late", NOW - DAY),
        task("new", NOW + 8 * HOUR, accepted=False, accept_by=NOW + HOUR),
        task("rests", NOW + 9 * DAY, waits_until=NOW + 7 * DAY),
        task("lost", NOW + DAY, assignee=None, title="Call\nhim"),
        leads=("sales",),
    )
    assert digest_subject(digest) == "Your tasks on Mon 4 May: 1 overdue, 1 to accept, 1 later"
    assert digest_lines(digest, "https://acme.example/s/{}".format) == [
        "As of Mon 4 May 09:00 (Europe/Berlin).",
        "",
        "Overdue (1)",
        "- Task late (Ann): was due Sun 3 May 09:00",
        "  https://acme.example/s/late",
        "",
        "Say whether you will do it (1)",
        "- Task new (Ann): accept it by 10:00, due 17:00",
        "  https://acme.example/s/new",
        "",
        "Later (1)",
        "- Task rests (Ann): rests until Mon 11 May 09:00, due Wed 13 May 09:00",
        "  https://acme.example/s/rests",
        "",
        "sales: nobody has it (1)",
        "- Call him (Ann): due Tue 5 May 09:00",
        "  https://acme.example/s/lost",
    ]


def test_a_long_list_is_cut_and_counted() -> None:
    lines = digest_lines(sorted_out(*(task(str(n), NOW + HOUR) for n in range(MOST + 3))), str)
    assert lines[2] == f"Due today ({MOST + 3})"
    assert lines[-1] == "- and 3 more; `rapport task list` shows them all"
