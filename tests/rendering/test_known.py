"""The names a check lets a template use, and the names a message really has: the same."""

from dataclasses import replace

from domain.events import CONTACT_FIELDS
from domain.facts import Event
from domain.letters import context, plan, plan_for_staff
from domain.needs import Deliver, Notify
from domain.teams import Team, TeamsPolicy
from rendering.known import STANDARD, Known
from tests.domain.kit import MONDAY, TEMPLATES, Templates, facts, program
from tests.home import Pen

LINKS = {
    "unsubscribe_url": "https://acme.example/u/t",
    "preferences_url": "https://acme.example/p/t",
    "confirm_url": "https://acme.example/c/t",
    "survey_url": "https://acme.example/q/t",
}
SURVEYS = Templates({"survey/asked": "service"})
EVERYTHING_KNOWN = dict.fromkeys(CONTACT_FIELDS, "x") | {"time_zone": None, "country": "JP", "phone": None}


def test_a_template_may_use_exactly_the_names_that_every_message_has() -> None:
    done = Event(1, "task_completed", MONDAY, {"outcome": "met"})
    about = facts(program("steps: []"), contact=EVERYTHING_KNOWN, matched=done, outcome="met", round=1)

    found = context(plan(Deliver(template="survey/asked"), about, SURVEYS), about, LINKS)
    asks_nothing = context(plan(Deliver(template="welcome/hello"), about, TEMPLATES), about, LINKS)

    assert set(found) == set(STANDARD)
    assert set(asks_nothing) == set(STANDARD) - {"survey", "survey_url"}
    for name, fields in STANDARD.items():
        if fields is not None and name != "contact":
            assert frozenset(found[name]) == fields, name
    assert STANDARD["contact"] == CONTACT_FIELDS
    assert set(found["contact"]) | {"phone"} == CONTACT_FIELDS


def test_names_that_no_message_has_are_refused() -> None:
    for name in ("owner", "event", "view", "task", "case", "confirm"):
        assert Known().wrong((name, "x")) is not None
    assert Known().wrong(("run", "position")) is not None


def test_a_template_for_staff_may_use_exactly_the_names_that_a_message_to_staff_has() -> None:
    done = Event(1, "task_completed", MONDAY, {"outcome": "met"})
    about = facts(program("steps: []"), contact=EVERYTHING_KNOWN, matched=done, outcome="met", round=1)

    teams = TeamsPolicy(teams={"sales": Team(email="sales@acme.example")})
    about = replace(about, policies=about.policies.model_copy(update={"teams": teams}))

    found = context(plan_for_staff(Notify(team="sales", template="keen"), about), about, {})

    assert set(found) == set(Known().for_staff().names)
    assert frozenset(found["team"]) == Known().for_staff().names["team"]


def test_dates_are_written_on_the_clock_of_a_contact_of_whom_only_the_country_is_known() -> None:
    about = facts(program("steps: []"), contact={"email": "emi@kumiko.example", "country": "JP"})
    text = "{% block subject %}{{ run.entered_at|time('HH:mm') }}{% endblock %}{% block html %}<p>x</p>{% endblock %}"
    pen = Pen({"email/a/b.html": f"---\nclass: service\n---\n{text}"})

    found = context(plan(Deliver(template="shop/receipt"), about, TEMPLATES), about, LINKS)

    assert pen.write("a/b", None, found)["subject"] == f"{(about.entered_at.hour + 9) % 24:02}:00"
