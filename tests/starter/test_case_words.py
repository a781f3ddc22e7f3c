"""Every event of a case has its words, for our people's page and for whoever looks at the command line."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.events import BUILT_IN
from records.task_page import Line
from starter.case_lines import CASE_EVENTS
from starter.case_words import SAID, case_told, ring_in_words, said_of_case
from starter.staff_lines import line

OF_CASES = {name for name in BUILT_IN if name.startswith(("case_", "promise_"))}
THEN = datetime(2026, 5, 4, 7, tzinfo=UTC)


def test_every_event_of_cases_has_its_words_everywhere() -> None:
    assert set(SAID) == OF_CASES
    assert set(CASE_EVENTS) == OF_CASES
    assert all(set(said) == {"en", "de"} for said in CASE_EVENTS.values())


@pytest.mark.parametrize("name", sorted(OF_CASES))
def test_words_can_be_said_of_an_event_that_says_little(name: str) -> None:
    what, why = said_of_case(name, {}, UTC)

    assert what
    assert why == ""
    assert case_told(name, {"number": 7}, UTC)[0].startswith("case")
    assert line(Line(THEN, name, data={}), UTC, "de", THEN) is not None


@pytest.mark.parametrize(
    ("name", "data", "what", "why"),
    [
        ("case_opened", {"severity": "S2", "source": "rule complaint"}, "opened, S2", "rule complaint"),
        ("case_reopened", {"severity": "S1", "why": "broken"}, "opened again, S1", "broken"),
        ("case_contacted", {"channel": "phone", "note": "Angry"}, "the customer was contacted by phone", "Angry"),
        ("case_diagnosed", {"cause": "lost", "before": "late"}, "its cause is lost in place of late", ""),
        ("case_closed", {"outcome": "no_answer"}, "closed: no answer", ""),
        ("case_letter_failed", {"letter": "question/1", "why": "no address"},
         "our question did not reach the customer", "no address"),
        ("case_remedy_refused", {"kind": "refund", "amount": "120", "currency": "EUR", "why": "Too much",
                                 "alternative": "a voucher"},
         "refund, 120 EUR declined", "Too much; instead: a voucher"),
        ("case_bought", {"days": 90, "bought": False}, "90 days later they had not bought again", ""),
        ("promise_kept", {"promise": "resolve", "number": 1}, "solution kept", ""),
    ],
)  # fmt: skip
def test_each_line_says_what_and_why(name: str, data: dict[str, Any], what: str, why: str) -> None:
    assert said_of_case(name, data, UTC) == (what, why)


def test_a_promise_is_called_by_what_was_promised_in_the_readers_language() -> None:
    missed = Line(THEN, "promise_missed", data={"promise": "contact", "number": 1})

    assert line(missed, UTC, "en", THEN) == "Promise missed: first contact"
    assert line(missed, UTC, "de", THEN) == "Versprechen nicht gehalten: erster Kontakt"


def test_what_rings_is_said_in_words() -> None:
    keys = ["missed/contact:1", "holding/1", "wait:1/remind/0", "wait:1/close", "approval/r1/1", "close/1", "ask/1"]
    keys += ["call/1", "bought:1/30", "release/1", "action"]

    assert all(" " in ring_in_words(key) or key.startswith("close") for key in keys)
