"""What our people are told of cases: in two languages, about anybody, with the buttons that their reader may press."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.case_notes import CASE_TEMPLATES, case_idle, case_title
from domain.follow_up import FollowUp
from domain.follow_up_moves import opened
from domain.policies import Policies
from domain.recovery import Case, duties
from domain.recovery_moves import opened as case_opened
from domain.recovery_policy import Recovery
from domain.remedies import Remedy
from domain.staff_notes import Occasion, Task, context, template_of
from rendering.known import Known
from tests.domain.follow_ups import at, team_of
from tests.rendering.test_staff_texts import CONTACTS, PRESS, URL

STAFF, NOW = team_of("ada", "bob"), at(5, 10)
REMEDIES = {
    "types": {"refund": {"label": "your money back", "by": "person"}},
    "bands": [{"offer": ["refund"], "most": 500}],
}
POLICY = Recovery.model_validate(
    {"team": "sales", "causes": {"lost-parcel": "The parcel was lost"}, "remedies": REMEDIES}
)
REMEDY = Remedy(
    id="r1",
    kind="refund",
    label="your money back",
    by="person",
    amount=Decimal(120),
    proposed_by="ada",
    proposed_at=NOW,
    level="lead",
    rule="band S2: up to 500 EUR; lead grants up to 250 EUR",
    approver="lea",
    asked=("lea",),
    asked_at=NOW,
)
CASE = case_opened(
    Case(id="c1", number=1042, title="Lost", severity="S2", clocks=POLICY.clocks_of("S2"), opened_at=NOW), NOW
).state.model_copy(update={"remedies": (REMEDY,), "owner": "ada"})
OPEN = opened(FollowUp(id="f1", team="sales", opened_at=NOW, duties=duties(CASE)), STAFF, NOW).state


def occasion(about: str, person: str = "ada", locale: str = "en-GB", case: Case = CASE, **data: Any) -> Occasion:
    tree = {"messaging": {"organisation": {"name": "Acme", "locale": locale}}, "recovery": POLICY.model_dump()}
    given = {"remedy": "r1", "letter": "acknowledged", "event": "answered", "why": ["it bounced"], "note": "She is sad"}
    title = case_title(case, case.title, locale)
    policies = Policies.model_validate(tree)
    task = Task(title, "case 1042", "recovery")
    return Occasion("n1", about, person, OPEN, task, STAFF, policies, CONTACTS["full"], NOW, given | data, case=case)


def said(told: Occasion, locale: str = "en-GB") -> dict[str, Any]:
    return PRESS.render("staff", template_of(told.about), locale, context(told, URL))


@pytest.mark.parametrize("locale", ["en-GB", "de"])
@pytest.mark.parametrize("who", CONTACTS)
@pytest.mark.parametrize("about", [*CASE_TEMPLATES, "assigned", "reminder", "overdue", "warning", "offered", "nobody"])
def test_every_occasion_is_told_about_everybody(about: str, who: str, locale: str) -> None:
    parts = said(replace(occasion(about, locale=locale), contact=CONTACTS[who]), locale)

    assert parts["subject"]
    assert "\n" not in parts["subject"]
    assert URL in parts["text"]
    assert "<script" not in parts["html"]
    assert "1042" in parts["text"]


def test_whoever_is_asked_reads_what_for_by_which_rule_who_asks_and_why_and_gets_two_links() -> None:
    parts = said(occasion("approval", "lea"))

    assert parts["subject"] == "Your yes is needed: your money back, 120 EUR. Case 1042 (S2): Lost"
    for words in ("Ada asks you to grant your money back, 120 EUR: She is sad", REMEDY.rule):
        assert words in " ".join(parts["text"].split()), words
    links = re.findall(r"do=(\w+)", parts["text"])
    assert [each for each in links if each in ("approve", "decline")] == ["approve", "decline"]


def test_whoever_proposed_gets_no_link_to_grant_it() -> None:
    assert "do=approve" not in said(occasion("approval", "ada"))["text"]


@pytest.mark.parametrize(
    ("about", "clock", "locale", "subject"),
    [
        ("reminder", "duty-contact:1", "en-GB", "Reminder: Case 1042 (S2): Lost, first contact due 14:00"),
        ("overdue", "duty-resolve:1", "en-GB", "Overdue: Case 1042 (S2): Lost (Ada), solution due 10:00, Fri 8 May"),
        ("assigned", "", "en-GB", "New task: Case 1042 (S2): Lost, accept by 14:30"),
        ("reminder", "duty-contact:1", "de", "Erinnerung: Fall 1042 (S2): Lost, erster Kontakt fällig 14:00"),
    ],
)
def test_a_note_of_a_case_says_which_promise_is_meant(about: str, clock: str, locale: str, subject: str) -> None:
    parts = said(occasion(about, locale=locale, clock=clock), locale)

    assert parts["subject"] == subject


def test_a_case_has_its_own_buttons_and_none_that_would_be_refused() -> None:
    links = re.findall(r"do=(\w+)", said(occasion("assigned"))["text"])

    assert {"accept", "contacted", "update", "propose", "resolve"} <= set(links)
    assert not {"complete", "snooze", "cancel"} & set(links)


@pytest.mark.parametrize(
    ("about", "update", "why"),
    [
        ("approval", {"state": "withdrawn"}, "the remedy was decided meanwhile"),
        ("remedy_to_do", {"state": "delivered"}, "the remedy was seen to meanwhile"),
        ("approval", {}, None),
    ],
)
def test_a_note_that_asks_for_what_is_over_is_not_sent(about: str, update: dict[str, Any], why: str | None) -> None:
    case = CASE.model_copy(update={"remedies": (REMEDY.model_copy(update=update),)})

    assert case_idle(about, {"remedy": "r1"}, case) == why


def test_nobody_is_asked_to_release_what_is_released() -> None:
    released = CASE.model_copy(update={"released_at": NOW + timedelta(days=1)})

    assert case_idle("release_by_hand", {}, released) == "marketing was released meanwhile"
    assert case_idle("release_by_hand", {}, CASE) is None
    assert case_idle("release_by_hand", {}, None) is None


def test_templates_may_use_exactly_the_names_that_a_note_of_a_case_has() -> None:
    known = Known().for_staff(of_a_task=True).names
    for about in CASE_TEMPLATES:
        told = context(occasion(about, "lea", score=3), URL)

        assert set(told["case"]) <= (known["case"] or frozenset())
        assert set(told["remedy"]) <= (known["remedy"] or frozenset())
        assert set(told["task"]) <= (known["task"] or frozenset())
