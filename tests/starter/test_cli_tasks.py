"""`task`: what is listed, what is shown, what is opened, and what is said while nobody can do anything about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from domain.follow_up_actions import Accept, Complete, PutOff
from domain.keys import note_key
from records.completing import complete_follow_up
from records.follow_up_models import FollowUp
from records.follow_ups import act
from records.happening import Happening
from records.models import Contact
from records.published import Published
from records.timeline import record_all
from starter.publish import publish_home
from tests.starter.small_home import SmallHome, Typed
from tests.starter.test_cli_pauses import impatient

__all__ = ["impatient"]

NOW = datetime(2126, 3, 27, 9, 0, tzinfo=UTC)
ANN, BEA = "ann@acme.example", "bea@acme.example"
TEAMS = """\
people:
  ada: {name: Ada, email: ada@acme.example}
  bob: {name: Bob, email: bob@acme.example}
  lea: {name: Lea, email: lea@acme.example}
teams:
  sales: {email: sales@acme.example, members: [ada, bob], lead: lea}
  phone: {email: phone@acme.example, members: [ada, lea], assign: first_to_accept}
  empty: {email: empty@acme.example, members: [bob], lead: bob}
"""
POLICIES = """\
policies:
  sales-call: {accept_by: 30 minutes, done_by: 4 hours, outcomes: [booked, not_now, meeting_booked]}
"""


@pytest.fixture
def desk(records: SmallHome) -> SmallHome:
    """A home with people in it, and two contacts."""
    records.write("policies/teams.yaml", TEAMS)
    records.write("policies/follow-ups.yaml", POLICIES)
    publish_home(records.settings)
    for who in (ANN, BEA):
        assert records.type("contact", "add", "--email", who).status == 0
    return records


def opened(desk: SmallHome, *more: str, contact: str = ANN, title: str = "Call Ann") -> dict[str, Any]:
    typed = desk.type("task", "open", "--contact", contact, "--title", title, *more, "--json")
    assert typed.status == 0, typed.err
    document: dict[str, Any] = typed.document
    return document


def does(desk: SmallHome, task: str, action: Any, now: datetime | None = None) -> None:
    """Act as a worker would."""
    published, at = Published(), now or datetime.now(UTC).replace(microsecond=0)

    def work(session: Session) -> None:
        kept = act(session, published, task, action, f"{action.do}/{at}", at)
        assert kept is not None
        assert kept.refusal is None
        contact = session.get(Contact, kept.row.contact_id)
        assert contact is not None
        record_all(session, published, contact, kept.told, at)

    with desk.database() as database:
        database.write_now(work)


def ids(typed: Typed) -> list[str]:
    return [each["id"] for each in typed.document["tasks"]]


def test_a_task_is_opened_for_a_team_by_somebody_and_given_to_whose_turn_it_is(desk: SmallHome) -> None:
    typed = desk.type(
        *("task", "open", "--contact", ANN, "--title", "Call Ann", "--team", "sales", "--policy", "sales-call"),
        *("--by", "lea@acme.example"),
    )
    second = opened(desk, "--team", "sales")

    assert typed.status == 0
    assert "  Call Ann: with ada, not accepted yet; due " in typed.out
    assert (second["assignee"], second["source"], second["status"]) == ("bob", "person operator", "opened")
    [first, _] = desk.type("task", "list", "--json").document["tasks"]
    assert (first["source"], first["policy"], first["outcomes"]) == (
        "person lea",
        "sales-call",
        ["booked", "not_now", "meeting_booked"],
    )


def test_a_task_is_opened_once_under_an_id_of_ones_own(desk: SmallHome) -> None:
    first = opened(desk, "--team", "sales", "--id", "k-1")
    again = opened(desk, "--team", "sales", "--id", "k-1")

    assert (first["status"], again["status"], again["id"]) == ("opened", "repeated", first["id"])


def test_a_title_is_one_line_that_any_mail_shows(desk: SmallHome) -> None:
    assert opened(desk, "--team", "sales", title=" Call\u202e Ann\n now\u00a0")["title"] == "Call Ann now"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--team", "sale"), "task: there is no team 'sale' in policies/teams.yaml; did you mean 'sales'?"),
        ((), "task: this task is for nobody; name a team or a person"),
        (("--owner", "eve"), "task: there is nobody 'eve' in policies/teams.yaml; use the key or the address"),
        (("--team", "sales", "--policy", "hott"), "task: there is no policy 'hott' for follow-ups"),
        (("--team", "sales", "--by", "eve"), "task: there is nobody 'eve'"),
        (("--team", "sales", "--id", "x" * 151), "task: the key is not one line of 1 to 150 characters"),
    ],
)
def test_what_cannot_be_opened_is_refused(desk: SmallHome, words: tuple[str, ...], says: str) -> None:
    typed = desk.type("task", "open", "--contact", ANN, "--title", "Call", *words)

    assert (typed.status, typed.out) == (1, "")
    assert typed.err.startswith(says)


def test_tasks_are_listed_by_whose_they_are_and_whom_they_are_for(desk: SmallHome) -> None:
    first, second = opened(desk, "--team", "sales")["id"], opened(desk, "--team", "sales", contact=BEA)["id"]
    asked = opened(desk, "--team", "phone")["id"]

    assert ids(desk.type("task", "list", "--team", "sales", "--json")) == [first, second]
    assert ids(desk.type("task", "list", "--person", "ada@acme.example", "--json")) == [first, asked]
    assert ids(desk.type("task", "list", "--person", "lea", "--json")) == [asked]
    assert ids(desk.type("task", "list", "--contact", BEA, "--json")) == [second]
    assert ids(desk.type("task", "list", "--unassigned", "--json")) == [asked]
    assert ids(desk.type("task", "list", "--most", "1", "--json")) == [first]
    assert desk.type("task", "list", "--team", "empty").out == "no task is open\n"
    assert desk.type("task", "list", "--closed").out == "no task has ended\n"
    nobody = desk.type("task", "list", "--person", "eve")
    assert (nobody.status, nobody.err) == (
        1,
        "--person: there is nobody 'eve' in policies/teams.yaml; there are ada, bob, lea\n",
    )


def test_a_list_says_what_is_due_by_when_it_is_accepted_who_has_it_and_since_when(desk: SmallHome) -> None:
    task = opened(desk, "--team", "sales", "--policy", "sales-call")
    out = desk.type("task", "list").out
    assert out.split("\n")[0].split() == ["id", "due", "accept", "by", "who", "since", "contact", "title"]
    assert "  ada?  " in out

    does(desk, task["id"], Accept(by="ada"))

    [now] = desk.type("task", "list", "--json").document["tasks"]
    assert "  ada  " in desk.type("task", "list").out
    assert (task["accept_by"] is not None, now["accept_by"], now["due"]) == (True, None, task["due"])


def test_what_should_have_been_done_is_overdue(desk: SmallHome) -> None:
    task = opened(desk, "--team", "sales", "--policy", "sales-call")["id"]
    assert desk.type("task", "list", "--overdue").out == "no task is open\n"

    def long_ago(session: Session) -> None:
        row = session.get(FollowUp, task)
        assert row is not None
        before = row.opened_at - timedelta(days=2)
        row.opened_at, row.done_due = before, before + timedelta(hours=4)
        row.state = row.state | {"opened_at": before.isoformat()}
        session.add(row)

    with desk.database() as database:
        database.write_now(long_ago)

    typed = desk.type("task", "list", "--overdue")
    assert ids(desk.type("task", "list", "--overdue", "--json")) == [task]
    assert " !  " in typed.out
    assert "and it is overdue" in desk.type("task", "show", task).out


def test_what_has_ended_is_listed_the_newest_first_with_its_outcome(desk: SmallHome) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    first, second = opened(desk, "--team", "sales")["id"], opened(desk, "--team", "sales")["id"]
    still = opened(desk, "--team", "sales")["id"]
    does(desk, first, Complete(by="ada", outcome="booked"), now)
    does(desk, second, Complete(by="bob", outcome="lost"), now + timedelta(minutes=1))

    assert ids(desk.type("task", "list", "--closed", "--json")) == [second, first]
    assert set(ids(desk.type("task", "list", "--all", "--json"))) == {first, second, still}
    assert ids(desk.type("task", "list", "--json")) == [still]
    assert "lost" in desk.type("task", "list", "--closed").out


def test_the_whole_story_of_a_task_is_shown(desk: SmallHome) -> None:
    task = opened(desk, "--team", "sales", "--policy", "sales-call")["id"]
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    does(desk, task, PutOff(by="ada", until=until))

    out = desk.type("task", "show", task).out
    story = desk.type("task", "show", task, "--json").document

    for line in (
        "Call Ann: with ada, accepted; due ",
        f"for {ANN}; opened ",
        " by person operator",
        "team sales, policy sales-call; outcomes: booked, not_now, meeting_booked",
        "to be done by ",
        f"its clocks stand still until {until:%Y-%m-%d %H:%M} ",
        "may be put off 2 times more, by 5 business days at most",
        ": 50 percent of the time to do it",
        "task: assigned to ada",
        "it is the turn of ada",
    ):
        assert line in out
    assert [each["event"] for each in story["timeline"]] == ["task_opened", "task_assigned", "task_snoozed"]
    [note] = story["notes"]
    assert (note["about"], note["person"], note["channel"], note["state"]) == ("assigned", "ada", "email", "waiting")
    assert story["terms"]["snooze"] == {"at_most": "5 business days", "times": 3}
    assert note_key(task, "given/1", "email", "ada")  # told under this key, once
    nothing = desk.type("task", "show", "nothing")
    assert (nothing.status, nothing.err) == (1, "task: there is no nothing; see `rapport task list`\n")


@pytest.mark.parametrize(
    "words",
    [
        ("accept",),
        ("complete", "--outcome", "booked"),
        ("snooze", "--until", "2126-03-27T09:00:00Z"),
        ("reassign", "--to", "bob"),
        ("comment", "--note", "Busy"),
        ("cancel", "--reason", "sold"),
    ],
)
def test_while_temporal_is_out_of_reach_nothing_is_done_and_that_is_said(
    desk: SmallHome, words: tuple[str, ...]
) -> None:
    task = opened(desk, "--team", "sales")

    typed = desk.type("task", words[0], task["id"], *words[1:])

    assert (typed.status, typed.out) == (3, "")
    assert typed.err == "Temporal is out of reach, and nothing was done; try again\n"
    [now] = desk.type("task", "list", "--json").document["tasks"]
    assert {**task, "status": None} == {**now, "status": None}


def test_what_is_no_action_is_refused_before_anybody_is_asked(desk: SmallHome) -> None:
    task = opened(desk, "--team", "sales")["id"]

    long = desk.type("task", "comment", task, "--note", "x" * 4001)
    empty = desk.type("task", "comment", task, "--note", "")
    nobody = desk.type("task", "reassign", task, "--to", "x" * 201)
    unknown = desk.type("task", "accept", "nothing")

    assert [each.status for each in (long, empty, nobody, unknown)] == [1, 1, 1, 1]
    assert long.err == "task: 'note' is longer than 4000 characters; shorten it\n"
    assert nobody.err == "task: 'to' is longer than any name; use the key or the address of a person\n"
    assert unknown.err == "task: there is no nothing; see `rapport task list`\n"
    assert desk.type("task", "snooze", task, "--until", "soon").status == 2


def test_another_system_that_tells_of_a_task_completes_the_one_it_names_and_once(desk: SmallHome) -> None:
    first, second = opened(desk, "--team", "sales"), opened(desk, "--team", "sales")
    happening = Happening("crm/1", "task_completed", NOW, {"task": first["id"], "outcome": "booked", "note": "Friday"})

    def complete(session: Session) -> FollowUp | None:
        contact = session.get(Contact, first["contact_id"])
        assert contact is not None
        return complete_follow_up(session, Published().policies(session), contact, happening)

    with desk.database() as database:
        done = database.write_now(complete)
        again = database.write_now(complete)

    assert done is not None
    assert (done.id, done.outcome, done.note, again) == (first["id"], "booked", "Friday", None)
    assert ids(desk.type("task", "list", "--json")) == [second["id"]]
