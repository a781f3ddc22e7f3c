"""What a message is before it is rendered, and the names its template may use."""

from datetime import timedelta
from typing import Any

import pytest

from domain.consent import Proposed
from domain.facts import Event
from domain.letters import HELD_AGAIN, Lacks, context, hold, plan
from domain.needs import Deliver, Later
from tests.domain.kit import ADA, MONDAY, TEMPLATES, Templates, facts, program

NEWS = program("steps: []")
LINKS = {"unsubscribe_url": "https://acme.example/u/t", "preferences_url": "https://acme.example/p/t"}


class WithSender(Templates):
    """Templates that name a sender."""

    def sender_of(self, channel: str, name: str) -> str | None:
        return "service"


@pytest.mark.parametrize(
    ("step", "template", "decided"),
    [
        ("service", "marketing service", "service"),
        ("product-news", "marketing service", "product-news"),
        (None, "marketing service", "service"),
        (None, "marketing", "product-news"),
    ],
)
def test_the_step_decides_the_topic_then_the_template_then_the_sequence(
    step: str | None, template: str, decided: str
) -> None:
    made = plan(Deliver(template="a/b", topic=step), facts(NEWS), Templates({"a/b": template}))

    assert made.topic == decided


def test_the_step_decides_the_sender_then_the_template_then_the_default() -> None:
    named, plain = WithSender({"a/b": "service"}), Templates({"a/b": "service"})

    assert (
        plan(Deliver(template="a/b", sender="default"), facts(NEWS), named).sender.from_ == "Acme <hello@acme.example>"
    )
    assert plan(Deliver(template="a/b"), facts(NEWS), named).sender.from_ == "Care <care@acme.example>"
    assert plan(Deliver(template="a/b"), facts(NEWS), plain).sender.from_ == "Acme <hello@acme.example>"


def test_the_class_is_the_template_s_alone() -> None:
    assert plan(Deliver(template="shop/receipt"), facts(NEWS), TEMPLATES).class_ == "transactional"


@pytest.mark.parametrize("need", [Deliver(template="a/gone"), Deliver(template="shop/receipt", sender="gone")])
def test_what_is_not_published_cannot_be_planned(need: Deliver) -> None:
    with pytest.raises(KeyError):
        plan(need, facts(NEWS), TEMPLATES)


def names(**known: Any) -> dict[str, Any]:
    about = facts(NEWS, **known)
    return context(plan(Deliver(template="welcome/hello"), about, TEMPLATES), about, LINKS)


def test_a_template_sees_plain_data_and_nothing_that_is_missing() -> None:
    found = names(contact={**ADA, "company": None}, run_event={"plan": "pro"})

    assert "company" not in found["contact"]
    assert found["contact"]["first_name"] == "Ada"
    assert found["run"]["event"] == {"plan": "pro"}
    assert found["organisation"] == {
        "name": "Acme", "address": "1 High Street", "time_zone": "Europe/London", "locale": "en",
    }  # fmt: skip
    assert found["sender"] == {"name": "Acme", "email": "hello@acme.example"}
    assert found["topic"] == {"name": "product-news", "label": "Product news"}
    assert found["unsubscribe_url"] == LINKS["unsubscribe_url"]
    assert "matched" not in found


def test_now_is_on_the_contact_s_clock() -> None:
    assert names()["now"].isoformat() == "2026-03-02T10:00:00+01:00"


@pytest.mark.parametrize(
    ("contact", "zone"),
    [
        ({"country": "JP"}, "Asia/Tokyo"),
        ({"country": "JP", "time_zone": "America/Lima"}, "America/Lima"),
        ({}, "Europe/London"),
    ],
)
def test_a_template_sees_the_zone_that_was_found_for_the_contact(contact: dict[str, str], zone: str) -> None:
    found = names(contact={"email": "a@b.example", **contact})

    assert found["contact"]["time_zone"] == zone
    assert str(found["now"].tzinfo) == zone


def test_what_a_wait_took_can_be_written_about() -> None:
    assert names(matched=Event(1, "purchased", MONDAY, {"amount": 9}))["matched"] == {
        "amount": 9, "event": "purchased", "at": MONDAY, "id": "1",
    }  # fmt: skip


def test_rounds_and_answers_of_other_systems_can_be_written_about() -> None:
    found = names(round=2, calls={"friends": {"valid": True}})

    assert found["run"]["round"] == 2
    assert found["calls"] == {"friends": {"valid": True}}
    assert "round" not in names()["run"]


@pytest.mark.parametrize(
    ("owner", "from_"),
    [
        ("ines@acme.example", "Acme <ines@acme.example>"),
        ("Ines <care@acme.example>", "Care <care@acme.example>"),
        ("Ines Ito <ines@acme.example>", "Ines Ito <ines@acme.example>"),
        ("service", "Care <care@acme.example>"),
        ("ines", "Acme <hello@acme.example>"),
        (None, "Acme <hello@acme.example>"),
    ],
)
def test_who_looks_after_the_contact_writes_and_where_nobody_does_the_default_sender(
    owner: str | None, from_: str
) -> None:
    about = facts(NEWS, contact={**ADA, "owner": owner})

    assert plan(Deliver(template="welcome/hello", sender="owner"), about, TEMPLATES).sender.from_ == from_


def test_a_held_message_is_looked_at_again_but_never_after_it_is_of_use() -> None:
    proposed = Proposed(Deliver(template="welcome/hello"), "transactional", None, MONDAY)

    early = hold(proposed, facts(NEWS), Lacks("contact.vip is missing"))
    late = hold(proposed, facts(NEWS, MONDAY + timedelta(hours=23, minutes=30)), Lacks("contact.vip is missing"))

    assert early.outcome == Later(MONDAY + HELD_AGAIN, "held: contact.vip is missing")
    assert late.outcome == Later(MONDAY + timedelta(days=1), "held: contact.vip is missing")
    assert early.row is not None
    assert (early.row.did, early.row.final) == ("held", False)
