"""Who enters, in which order that is asked, and which events end a run."""

from datetime import timedelta
from typing import Any

import pytest

from domain.entry import PASSED, Before, End, Entry, ended_already, ended_by, may_enter, triggers_of
from domain.facts import Event, Facts, Standing
from tests.domain.kit import ADA, MONDAY, facts, program

DAY = timedelta(days=1)
STRICT = """
    topic: product-news
    enter:
      on: {event: trial_started, where: "event.plan == 'pro'"}
      when: contact.country == 'DE'
      again: never
      per: run.event.plan
      holdout: 5%
    group: nurture
    goal: {when: contact.stage == 'customer'}
    exit: {when: contact.score > 90}
    steps: [{send: welcome/hello}]
    """


def event(name: str, at: Any = MONDAY, **data: Any) -> Event:
    return Event(id=1, name=name, at=at, data=data)


def entry(text: str = STRICT, before: Before | None = None, plan: str | None = "pro", **known: Any) -> Entry:
    made = program(text)
    happened = event("trial_started", **{"plan": plan} if plan else {})
    about = facts(made, run_event=happened.data, **known)
    return may_enter(about, before or Before(), next(iter(triggers_of(made, happened)), None), happened)


# The order -----------------------------------------------------------------------------------------------------------


def test_who_enters_was_asked_everything_in_order() -> None:
    found = entry()

    assert (found.enters, found.check, found.per) == (True, "", "pro")
    assert found.why == list(PASSED.values())


def test_each_check_refuses_before_those_behind_it() -> None:
    """Begin with a contact whom everything speaks against, and take one reason away at a time."""
    known: dict[str, Any] = {
        "standing": Standing(suppressed=frozenset({"complaint"})),
        "contact": {**ADA, "score": 99, "stage": "customer", "country": "FR"},
    }
    before, plan, refused = Before(ever=True), "free", []

    refused.append(entry(before=before, plan=plan, **known).check)
    known["standing"] = Standing()
    refused.append(entry(before=before, plan=plan, **known).check)
    known["contact"] |= {"stage": "lead"}
    refused.append(entry(before=before, plan=plan, **known).check)
    known["contact"] |= {"score": 1}
    refused.append(entry(before=before, plan=plan, **known).check)
    before = Before()
    refused.append(entry(before=before, plan=plan, **known).check)
    plan = "pro"
    refused.append(entry(before=before, plan=plan, **known).check)
    known["contact"] |= {"country": "DE"}
    refused.append(entry(before=before, plan=plan, **known).check)
    known["standing"] = Standing(consents={"product-news": "opted_in"})

    assert refused == ["suppressed", "goal", "exit", "again", "where", "when", "consent"]
    assert entry(before=before, plan=plan, **known).enters


def test_the_refusal_says_on_which_values() -> None:
    assert (
        entry(contact={**ADA, "country": "FR"}).why[-1] == "contact.country == 'DE' is false: contact.country is 'FR'"
    )


def test_by_hand_nobody_asks_how_it_began() -> None:
    made = program(STRICT.replace("per: run.event.plan", ""))

    found = may_enter(facts(made, contact={**ADA, "country": "FR"}), Before())

    assert found.enters
    assert not any(line.startswith(("where", "when")) for line in found.why)


# Consent and suppression ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "check"),
    [
        (Standing(), "consent"),
        (Standing(consents={"product-news": "opted_out"}), "consent"),
        (Standing(consents={"product-news": "pending"}), "consent"),
        (Standing(consents={"product-news": "opted_in"}, withdrawn=frozenset({"product-news"})), "consent"),
        (Standing(consents={"product-news": "opted_in"}, withdrawn=frozenset({"*"})), "suppressed"),
        (Standing(consents={"product-news": "opted_in"}, suppressed=frozenset({"unsubscribed"})), "suppressed"),
        (Standing(consents={"product-news": "opted_in"}, suppressed=frozenset({"hard_bounce"})), "suppressed"),
        (Standing(consents={"product-news": "opted_in"}), ""),
    ],
)
def test_marketing_begins_only_with_a_consent_that_stands(standing: Standing, check: str) -> None:
    found = entry(standing=standing)

    assert (found.enters, found.check) == (not check, check)


def test_the_refusal_says_what_became_of_the_consent() -> None:
    def said(standing: Standing) -> str:
        return entry(standing=standing).why[-1]

    opted_in = {"product-news": "opted_in"}
    assert said(Standing()) == "consent: product-news is opted_out by default"
    assert said(Standing(consents={"product-news": "pending"})) == "consent: product-news is pending"
    assert (
        said(Standing(consents=opted_in, withdrawn=frozenset({"product-news"}))) == "consent: product-news is withdrawn"
    )


def test_service_begins_without_consent_but_not_against_a_suppression() -> None:
    made = program("topic: service\nsteps: [{send: care/answer}]")

    assert may_enter(facts(made, standing=Standing()), Before()).enters
    assert may_enter(facts(made, standing=Standing(suppressed=frozenset({"unsubscribed"}))), Before()).enters
    assert not may_enter(facts(made, standing=Standing(suppressed=frozenset({"complaint"}))), Before()).enters


# Again ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("again", "before", "enters"),
    [
        ("never", Before(), True),
        ("never", Before(ever=True, last_ended_at=MONDAY - 999 * DAY), False),
        ("always", Before(ever=True, open=True), True),
        ("after_exit", Before(ever=True, open=True), False),
        ("after_exit", Before(ever=True, last_ended_at=MONDAY), True),
        ("after_exit 30 days", Before(ever=True, open=True, last_ended_at=MONDAY - 99 * DAY), False),
        ("after_exit 30 days", Before(ever=True, last_ended_at=MONDAY - 29 * DAY), False),
        ("after_exit 30 days", Before(ever=True, last_ended_at=MONDAY - 30 * DAY), True),
        ("after_exit 30 days", Before(ever=True, last_ended_at=MONDAY - 30 * DAY + timedelta(seconds=1)), False),
        ("after_exit 1 business day", Before(ever=True, last_ended_at=MONDAY - 3 * DAY), True),
        ("after_exit 1 business day", Before(ever=True, last_ended_at=MONDAY - timedelta(hours=1)), False),
    ],
)
def test_the_rule_of_re_entry(again: str, before: Before, enters: bool) -> None:
    made = program(f"enter: {{on: {{event: trial_started}}, again: {again}}}\nsteps: [{{send: welcome/hello}}]")

    found = may_enter(facts(made), before)

    assert found.enters is enters
    assert found.check == ("" if enters else "again")


def test_after_exit_counts_days_on_the_contact_s_clock() -> None:
    made = program("enter: {on: {event: trial_started}, again: after_exit 30 days}\nsteps: []")
    ended = MONDAY  # 10:00 in Berlin, in winter; thirty days later it is summer there
    summer = ended + 30 * DAY - timedelta(hours=1)

    assert may_enter(facts(made, summer), Before(ever=True, last_ended_at=ended)).enters
    assert not may_enter(facts(made, summer - timedelta(seconds=1)), Before(ever=True, last_ended_at=ended)).enters


def test_where_the_field_of_per_is_missing_nobody_enters() -> None:
    found = entry(STRICT.replace("where: \"event.plan == 'pro'\"", ""), plan=None)

    assert (found.check, found.why[-1]) == ("again", "run.event.plan is missing")


# What starts ---------------------------------------------------------------------------------------------------------


def test_the_first_trigger_that_fits_starts_it() -> None:
    made = program("enter: {on: [{form: demo-request}, {event: trial_started}, {event: purchased}]}\nsteps: []")

    assert triggers_of(made, event("trial_started")) == made.enter[1 : 1 + 1]
    assert triggers_of(made, event("form_submitted", form="demo-request")) == made.enter[0 : 0 + 1]
    assert triggers_of(made, event("form_submitted", form="contact")) == ()
    assert triggers_of(made, event("clicked")) == ()


def test_a_draft_is_started_by_nothing() -> None:
    made = program("status: draft\nenter: {on: {event: trial_started}}\nsteps: []")

    assert triggers_of(made, event("trial_started")) == ()


# What ends -----------------------------------------------------------------------------------------------------------

ENDS = """
    goal: {event: meeting_booked, where: event.email == contact.email}
    exit: [{event: trial_cancelled}, {form: demo-request}, {when: contact.stage == 'customer'}]
    steps: [{send: welcome/hello}]
    """


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (event("meeting_booked", email="ada@joinery.example"), "converted"),
        (event("meeting_booked", email="bob@other.example"), None),
        (event("meeting_booked"), None),
        (event("trial_cancelled"), "exited:trial_cancelled"),
        (event("form_submitted", form="demo-request"), "exited:form_submitted"),
        (event("form_submitted", form="contact"), None),
        (event("unsubscribed", topic="product-news"), "unsubscribed"),
        (event("unsubscribed", topic="*"), "unsubscribed"),
        (event("unsubscribed"), "unsubscribed"),
        (event("unsubscribed", topic="service"), None),
        (event("complained"), "suppressed"),
        (event("clicked"), None),
    ],
)
def test_an_event_ends_a_run_or_does_not(happened: Event, reason: str | None) -> None:
    assert ended_by(facts(program(ENDS)), happened) == reason


def test_who_reaches_the_goal_and_leaves_with_one_event_has_reached_it() -> None:
    made = program("goal: {event: unsubscribed, where: event.how == 'bought'}\nexit: {event: unsubscribed}\nsteps: []")

    assert ended_by(facts(made), event("unsubscribed", how="bought", topic="*")) == "converted"
    assert ended_by(facts(made), event("unsubscribed", topic="*")) == "exited:unsubscribed"


def test_unsubscribing_ends_neither_service_nor_who_is_to_stay() -> None:
    service = program("topic: service\nsteps: [{send: care/answer}]")
    staying = program("on_unsubscribe: stay\nsteps: [{send: welcome/hello}]")

    for made in (service, staying):
        assert ended_by(facts(made), event("unsubscribed", topic="*")) is None
        assert ended_by(facts(made), event("complained")) == "suppressed"


def test_a_condition_ends_a_run_with_the_values_that_decided() -> None:
    def known(**changed: Any) -> Facts:
        return facts(program(STRICT), contact={**ADA, **changed})

    assert ended_already(known()) is None
    assert ended_already(known(score=99)) == End("exited:condition", "contact.score > 90 is true: contact.score is 99")
    assert ended_already(known(stage="customer", score=99)) == End(
        "converted", "contact.stage == 'customer' is true: contact.stage is 'customer'"
    )
