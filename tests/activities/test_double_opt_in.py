"""Double opt-in: what a form asks, what a confirmation makes of it, and what it never brings back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import text

from domain.keys import content_hash
from tests.activities.office import DAY, FORM, HOUR, NOON, Office, opened

MINUTE = timedelta(minutes=1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened(tmp_path) as office:
        yield office


def test_a_form_that_asks_leaves_the_consent_waiting_and_tells_the_sequence_that_asks(office: Office) -> None:
    office.submit("newsletter", page="https://www.acme.example/news")

    assert office.says() == {"product-news": "pending"}
    assert office.timeline() == ["form_submitted", "consent_requested"]
    said = {"topic": "product-news", "channel": "email", "form": "newsletter", "source": "test"}
    assert office.happened("consent_requested") == [said]
    assert office.runs() == [("confirm", NOON, None)]


def test_a_form_that_does_not_ask_counts_at_once(office: Office) -> None:
    office.submit("plain")

    assert (office.says(), office.timeline()) == ({"product-news": "opted_in"}, ["form_submitted"])


def test_the_proof_has_the_words_the_version_of_the_form_the_page_and_the_message(office: Office) -> None:
    office.submit("newsletter", page="https://www.acme.example/news")
    office.confirm(DAY)

    asked, given = office.proofs()
    assert (asked.state, asked.source, asked.given_at) == ("pending", "form newsletter", NOON)
    assert (given.state, given.basis, given.given_at) == ("opted_in", "consent", NOON + DAY)
    assert given.recorded_at == NOON + DAY + timedelta(seconds=1)
    assert given.message == "m" * 32
    proof = ("Yes, write to me.", "newsletter", content_hash(FORM), "https://www.acme.example/news")
    for each in (asked, given):
        assert (each.wording, each.form, each.form_version, each.page) == proof


def test_the_sequence_that_waits_begins_at_the_instant_of_the_confirmation(office: Office) -> None:
    office.submit("newsletter")
    office.confirm(DAY)

    assert office.says() == {"product-news": "opted_in"}
    assert office.happened("consent_confirmed") == [{"topic": "product-news", "channel": "email"}]
    assert office.runs() == [("confirm", NOON, None), ("news", NOON + DAY, None)]


def test_a_second_request_while_the_first_waits_sends_no_second_message(office: Office) -> None:
    office.submit("newsletter")
    office.submit("newsletter", MINUTE)
    office.submit("newsletter", DAY)

    assert office.timeline().count("consent_requested") == 3
    assert [name for name, _, _ in office.runs()] == ["confirm"]


def test_whoever_is_in_already_is_asked_nothing(office: Office) -> None:
    office.submit("plain")
    office.submit("newsletter", HOUR)

    assert office.says() == {"product-news": "opted_in"}
    assert "consent_requested" not in office.timeline()
    assert [name for name, _, _ in office.runs()] == ["news"], "and what begins with the form, begins"


@pytest.mark.parametrize("reason", ["complaint", "hard_bounce", "manual", "legal", "objection"])
def test_nobody_is_asked_of_whom_nothing_would_come(office: Office, reason: str) -> None:
    office.submit("plain")
    office.event("unsubscribed", MINUTE, topic="product-news")
    office.suppress(reason)
    office.submit("newsletter", HOUR)

    assert office.says() == {"product-news": "opted_out"}
    assert office.against() == {reason}


@pytest.mark.parametrize("topic", ["product-news", "*"])
def test_a_confirmation_does_not_bring_back_what_was_withdrawn_after_it_was_asked_for(
    office: Office, topic: str
) -> None:
    office.submit("newsletter")
    office.wish("withdrawal", HOUR, topic=topic)

    assert office.confirm(2 * HOUR, made=MINUTE) == "confirmation of product-news, withdrawn meanwhile"
    assert office.says()["product-news"] != "opted_in"
    assert "consent_confirmed" not in office.timeline()


def test_whoever_left_a_topic_and_asks_for_it_again_is_in_with_the_confirmation(office: Office) -> None:
    office.submit("plain")
    office.wish("withdrawal", HOUR, topic="product-news")
    office.submit("newsletter", 2 * HOUR)
    office.confirm(3 * HOUR)

    assert office.says() == {"product-news": "opted_in"}


def test_whoever_left_everything_and_confirms_one_topic_comes_back_to_that_one_only(office: Office) -> None:
    office.submit("plain")
    office.wish("withdrawal", HOUR, topic="*")
    office.submit("newsletter", 2 * HOUR)
    assert office.against() == {"unsubscribed"}, "a form alone lifts nothing"

    office.confirm(3 * HOUR)

    assert office.against() == set()
    assert office.says() == {"product-news": "opted_in", "service": "opted_out"}, "service was in by default"


def test_a_confirmation_told_twice_counts_once(office: Office) -> None:
    office.submit("newsletter")
    for _ in range(2):
        office.wish("confirmation", HOUR, key="same", topic="product-news", channel="email", made_at=NOON.isoformat())

    assert office.timeline().count("consent_confirmed") == 1
    assert [each.state for each in office.proofs()] == ["pending", "opted_in"]


def test_our_own_system_may_ask_for_a_confirmation_too(office: Office) -> None:
    office.event("consent_requested", topic="product-news", channel="email", source="our app")

    assert office.says() == {"product-news": "pending"}
    assert [name for name, _, _ in office.runs()] == ["confirm"]


@pytest.mark.parametrize("change", ["update consent set state = 'opted_in'", "delete from consent"])
def test_the_database_itself_refuses_to_change_what_was_said(office: Office, change: str) -> None:
    office.submit("newsletter")

    with pytest.raises(IntegrityError, match="consent is append-only"):
        office.database.write_now(lambda session: session.connection().execute(text(change)))


# Who lifts what ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["unsubscribed", "complaint", "hard_bounce", "manual", "legal", "objection"])
def test_no_form_and_no_event_lifts_a_suppression(office: Office, reason: str) -> None:
    office.submit("plain")
    office.suppress(reason)

    office.submit("plain", HOUR)
    office.submit("newsletter", 2 * HOUR)
    for name in ("resubscribed", "consent_confirmed"):
        office.event(name, 3 * HOUR, topic="product-news", channel="email")
        office.event(name, 3 * HOUR, topic="*", channel="email")

    assert office.against() == {reason}
