"""What `check` says of teams and of policies for follow-ups: the place, the thing, the way out."""

import pytest

from domain.loader import load
from tests.domain.kit import POLICIES, TEMPLATES

TEAMS = """
people:
  ada: {name: Ada, email: ada@acme.example, skills: [integrations]}
teams:
  sales: {email: sales@acme.example, members: [ada], lead: ada}
"""
SEQUENCE = "topic: product-news\nenter: {again: always}\nsteps: [{task: Call, team: sales, %s}]\n"


def said(follow_ups: str = "", task: str = "up_to: 2 days", teams: str = TEAMS) -> list[str]:
    files = POLICIES | {
        "policies/teams.yaml": teams,
        "policies/follow-ups.yaml": follow_ups or "default: normal\n",
        "sequences/call.yaml": SEQUENCE % task,
    }
    return [str(each) for each in load(files, TEMPLATES).problems if not each.warning]


def test_a_policy_of_every_part_is_fine() -> None:
    assert (
        said(
            """
default: normal
policies:
  normal: {accept_by: 2 business hours, done_by: 1 business day, skills: [integrations], on: {replied: tell}}
  hot: {outcomes: [reached], on: {meeting_booked: {do: complete, outcome: reached}}}
open:
  demo: {on: form_submitted, when: "event.form == 'demo-request'", team: sales, title: 'Call {{ contact.first_name }}'}
""",
            "policy: hot, owner: ada",
        )
        == []
    )


@pytest.mark.parametrize(
    ("follow_ups", "problem"),
    [
        ("default: norml", "1: there is no policy 'norml' in policies/follow-ups.yaml; did you mean 'normal'?"),
        (
            "policies: {a: {on: {repled: tell}}}",
            "1: event 'repled' is not declared in policies/events.yaml; did you mean 'replied'?",
        ),
        (
            "policies: {a: {on: {replied: {do: tell, outcome: x}}}}",
            "1: what is not completed has no outcome; delete it, or write 'do: complete'",
        ),
        (
            "policies:\n  a:\n    skills: [integration]",
            "3: nobody in policies/teams.yaml has the skill 'integration'; did you mean 'integrations'?",
        ),
        (
            "open: {a: {on: task_opened, team: sales, title: T}}",
            "1: 'task_opened' is about a follow-up itself; name another event, lest one opens the next",
        ),
        (
            "open: {a: {on: replied, team: sale, title: T}}",
            "1: team 'sale' is not in policies/teams.yaml; did you mean 'sales'?",
        ),
        (
            "open: {a: {on: replied, team: sales, owner: adda, title: T}}",
            "1: person 'adda' is not in policies/teams.yaml; did you mean 'ada'?",
        ),
        (
            "open: {a: {on: replied, team: sales, policy: hott, title: T}}",
            "1: there is no policy 'hott' in policies/follow-ups.yaml; did you mean 'hot'?",
        ),
        (
            "open: {a: {on: replied, team: sales, title: T, when: run.event.x == 1}}",
            "1: a rule knows no run, so there is no run.event.x; ask the contact, or the event",
        ),
        (
            "open: {a: {on: replied, team: sales, title: 'Call {{ run.event.x }}'}}",
            "1: a rule knows no run, so there is no run.event.x; ask the contact, or the event",
        ),
    ],
)
def test_what_cannot_be_is_said_with_its_line_and_the_way_out(follow_ups: str, problem: str) -> None:
    [found, *_] = said(follow_ups)

    assert found == f"policies/follow-ups.yaml:{problem}"


def test_a_task_names_a_policy_and_a_person_who_are_there() -> None:
    assert said(task="policy: hott") == [
        "sequences/call.yaml:3: there is no policy 'hott' in policies/follow-ups.yaml; did you mean 'hot'?"
    ]
    assert said(task="owner: adda") == [
        "sequences/call.yaml:3: person 'adda' is not in policies/teams.yaml; did you mean 'ada'?"
    ]
    assert said(task="owner: somebody@acme.example") == []


def test_who_is_named_in_teams_is_in_people() -> None:
    found = said(teams="teams:\n  sales:\n    email: sales@acme.example\n    members: [ada]\n")

    [problem] = found
    assert problem.startswith("policies/teams.yaml:4: person 'ada' is not in `people`; none is declared")


@pytest.mark.parametrize(
    ("person", "problem"),
    [
        ("email: bob@acme.example, deputy: bob", "'bob' cannot stand in for themselves; name somebody else"),
        ("email: Ada@ACME.example", "'ada' has this address, too; give each their own"),
        (
            "email: bob@acme.example, languages: [german]",
            "'german' is no language as contacts have them; write de, en or fr",
        ),
    ],
)
def test_people_are_told_apart_and_can_be_matched(person: str, problem: str) -> None:
    teams = TEAMS.replace("teams:\n", f"  bob: {{name: Bob, {person}}}\nteams:\n", 1)

    assert said(teams=teams) == [f"policies/teams.yaml:4: {problem}"]


def test_a_title_names_fields_that_there_are() -> None:
    rule = "open: {a: {on: purchased, team: sales, title: '{{ contact.first_nam }} bought {{ event.order_id }}'}}"
    [problem] = said(rule)

    assert problem.startswith("policies/follow-ups.yaml:1: ")
    assert "first_nam" in problem
