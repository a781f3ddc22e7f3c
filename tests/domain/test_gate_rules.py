"""The gate's rules about people: the organisation's holdout, open cases, the same message twice, consent by channel."""

from datetime import timedelta
from typing import Any

import pytest

from domain.consent import Proposed, Verdict, ask, held_out
from domain.duplicates import Alike
from domain.facts import Standing
from domain.loader import load
from domain.needs import Deliver
from domain.policies import Policies
from tests.domain.kit import (
    ADA,
    MESSAGING,
    MONDAY,
    POLICIES,
    TEMPLATES,
    checked,
    ended,
    facts,
    lived,
    on,
    policies,
    program,
    rows,
)
from tests.domain.test_consent import CLASSES, OPTED_IN

SEQUENCE = program("window: office-hours\nsteps: []")
HELD_OUT = POLICIES | {"policies/messaging.yaml": MESSAGING + "holdout: {share: 5%, salt: '2026'}\n"}


def test_the_holdout_is_the_share_it_says_the_same_for_ever_and_another_under_another_salt() -> None:
    of_2026 = policies(HELD_OUT)
    of_2027 = policies({name: text.replace("2026", "2027") for name, text in HELD_OUT.items()})

    def drawn(among: Policies) -> set[int]:
        known = facts(SEQUENCE, policies=among)
        return {n for n in range(4_000) if held_out(known.but(contact={**ADA, "id": f"c{n}"})) is not None}

    first, other = drawn(of_2026), drawn(of_2027)
    assert drawn(of_2026) == first
    assert 150 < len(first) < 250
    assert len(first & other) < 30


def test_who_is_held_out_gets_orders_and_no_news() -> None:
    salted = policies({**POLICIES, "policies/messaging.yaml": MESSAGING + "holdout: {share: 99.9999%}\n"})
    known = facts(SEQUENCE, policies=salted)
    said = {class_: ask(Proposed(Deliver(template="a"), class_, "product-news", MONDAY), known) for class_ in CLASSES}

    assert {class_: verdict.reason for class_, verdict in said.items()} == {
        "marketing": "holdout", "service": "", "transactional": "",
    }  # fmt: skip
    assert said["marketing"].asked[-1] == ("holdout", "holdout: drawn among 99.9999% (salt organisation)")


@pytest.mark.parametrize(("topic", "skips"), [("topic: product-news", True), ("", False)])
def test_for_who_is_held_out_marketing_calls_nobody_and_the_rest_does(topic: str, skips: bool) -> None:
    salted = {**POLICIES, "policies/messaging.yaml": MESSAGING + "holdout: {share: 99.9999%}\n"}
    sends = "welcome/hello" if skips else "shop/receipt"
    made = checked(f"{topic}\nsteps: [{{send: {sends}}}, {{call: https://crm.example, save_as: crm}}]", salted)
    assert made.errors() == []

    story = lived(made.programs["story"], among=salted)

    assert [row["did"] for row in story.timeline] == (["skipped", "skipped"] if skips else ["sent", "called"])
    assert ended(story) == "completed"


def test_in_a_story_a_case_holds_marketing_until_it_is_closed() -> None:
    text = """
        steps:
          - {case: Broken desk, severity: S2, id: desk}
          - send: shop/receipt
          - send: welcome/hello
    """

    story = lived(text, [on(timedelta(hours=5), "case_closed", "desk", outcome="refunded")])

    assert rows(story) == [
        "2026-03-02T09:00 desk opened",
        "2026-03-02T09:00 receipt sent",
        "2026-03-02T09:00 hello deferred",
        "2026-03-02T14:00 hello sent",
    ]
    assert story.timeline[2]["why"] == ["suspended: case desk/1 (S2), until it is released"]


def test_in_a_story_the_same_advertisement_goes_once_a_day() -> None:
    story = lived("""
        steps:
          - send: welcome/hello
          - {send: welcome/hello, id: again}
          - wait: 1 day
          - {send: welcome/hello, id: then}
    """)

    assert [(row["step"], row["did"]) for row in story.timeline] == [
        ("hello", "sent"), ("again", "skipped"), ("wait-3", "waited"), ("then", "sent"),
    ]  # fmt: skip
    assert story.timeline[1]["why"] == ["duplicate"]


def test_consent_to_mail_says_nothing_of_text_messages_and_a_bad_address_nothing_of_the_phone() -> None:
    need = Deliver(template="a", channel="sms", window="none")
    proposed = Proposed(need, "marketing", "product-news", MONDAY)
    mail = Standing(consents=OPTED_IN, suppressed=frozenset({"hard_bounce"}))
    both = mail.with_on("sms", Standing(consents=OPTED_IN, bases={"product-news": "consent"}))
    with_phone = {**ADA, "phone": "0171 5550123"}

    def said(standing: Standing, contact: dict[str, Any]) -> Verdict:
        return ask(proposed, facts(SEQUENCE, standing=standing, contact=contact))

    assert said(mail, with_phone).reason == "no consent: product-news for sms is opted_out by default"
    assert said(both, ADA).reason == "no address"
    assert said(both, with_phone).answer == "go"
    assert dict(said(both, with_phone).asked)["consent"].endswith("for sms is opted_in (basis: consent)")
    assert said(both.everywhere("complaint"), with_phone).reason == "suppressed: complaint"


def test_a_service_message_is_the_same_only_where_another_run_began_by_the_same() -> None:
    need = Deliver(template="care/answer", window="none")

    def said(enrolment: str, **occasion: Any) -> str:
        known = facts(SEQUENCE, run_event={"order": 7}, alike=[
            Alike("email", ADA["email"], "care/answer", MONDAY, enrolment, occasion)
        ])  # fmt: skip
        return ask(Proposed(need, "service", None, MONDAY), known).reason

    assert [said("e2", order=7), said("e2", order=8), said("e1", order=7)] == ["duplicate", "", ""]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("{share: five}", "'five' is no share; write it in per cent, such as 5%"),
        ("{share: 100%}", "'100%' would hold everybody out; write less than 100%"),
        ("{salt: '2026'}", "'share' is missing; add it"),
        ("{share: 5%, sald: x}", "there is no key 'sald' here; did you mean 'salt'?"),
    ],
)
def test_a_holdout_that_is_none_is_refused_with_its_line(words: str, what: str) -> None:
    files = POLICIES | {"policies/messaging.yaml": f"{MESSAGING}holdout: {words}\n"}

    [problem] = load(files, TEMPLATES).problems

    assert str(problem) == f"policies/messaging.yaml:{MESSAGING.count(chr(10)) + 1}: {what}"
