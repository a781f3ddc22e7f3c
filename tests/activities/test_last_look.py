"""Who is asked about together before messages leave, and who in turn."""

from datetime import UTC, datetime

from activities.last_look import Look, in_turns
from domain.facts import Facts
from domain.letters import Plan
from domain.needs import Deliver
from domain.policies import Policies, Sender
from domain.program import Program

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
SENDER = Sender.model_validate({"from": "Acme <hello@acme.example>"})


def look(id: str, contact: str, email: str | None, channel: str = "email", class_: str = "marketing") -> Look:
    facts = Facts(NOON, Program(sequence="news"), Policies(), {"email": email}, NOON, enrolment=id)
    plan = Plan(Deliver(template="t/news", channel=channel), class_, "news", SENDER)  # type: ignore[arg-type]
    return Look(id, facts, plan, contact)


def turns(*looks: Look) -> list[list[str]]:
    return [[each.id for each in turn] for turn in in_turns(looks)]


def test_no_two_of_a_turn_go_to_one_contact_or_one_address() -> None:
    found = turns(
        look("a", "ann", "ann@acme.example"),
        look("b", "ann", "ann@acme.example"),
        look("c", "bob", "ann@acme.example"),
        look("d", "eve", "eve@acme.example"),
    )

    assert found == [["a", "d"], ["b"], ["c"]]


def test_what_is_asked_about_differently_has_a_turn_of_its_own() -> None:
    other = look("b", "bob", "bob@acme.example", class_="service")

    assert turns(look("a", "ann", "ann@acme.example"), other) == [["a"], ["b"]]


def test_who_needs_no_address_does_not_wait_for_others_without_one() -> None:
    many = [look(str(number), f"c{number}", None, channel="webhook") for number in range(250)]

    assert [len(turn) for turn in in_turns(many)] == [250]
