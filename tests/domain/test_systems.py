"""Who another system may be told about: what forbids to use their data, and nothing that protects their patience."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from domain.calendars import Calendars
from domain.consent import AGAIN, QUESTIONS, ask
from domain.endpoints import rest_of
from domain.facts import Facts
from domain.needs import Deliver
from domain.patience import rest
from domain.permission import ALLOWED
from domain.policies import MessageClass, Policies
from domain.spans import Span
from domain.standing import Standing
from domain.verdicts import Proposed, Verdict
from tests.domain.kit import facts, program

NINE = datetime(2026, 3, 27, 9, tzinfo=UTC)
CLASSES: tuple[MessageClass, ...] = ("marketing", "service", "transactional")


def asked(class_: MessageClass, known: Facts, **more: Any) -> Verdict:
    need = Deliver(template="crm/lead", channel="webhook", **more)
    return ask(Proposed(need, class_, "news", known.now, lasts=Span.parse("3 days")), known)


@pytest.mark.parametrize(("reason", "class_"), list(product(ALLOWED, CLASSES)))
def test_only_what_forbids_to_use_their_data_forbids_to_tell(reason: str, class_: MessageClass) -> None:
    known = facts(program("steps: []")).but(standing=Standing(suppressed=frozenset({reason})), contact={})

    verdict = asked(class_, known)

    assert verdict.answer == ("no" if reason in ("erased", "legal") else "go")


def test_who_has_no_address_and_gave_no_consent_is_told_about() -> None:
    assert asked("marketing", facts(program("steps: []")).but(standing=Standing(), contact={})).answer == "go"


@pytest.mark.parametrize("questions", [QUESTIONS, AGAIN], ids=["ask", "take"])
def test_the_same_is_asked_before_it_is_written_and_before_it_leaves(questions: Any) -> None:
    known = facts(program("steps: []")).but(standing=Standing(suppressed=frozenset({"legal"})))
    need = Deliver(template="crm/lead", channel="webhook")

    verdict = ask(Proposed(need, "service", None, known.now), known, questions)

    assert (verdict.answer, verdict.reason) == ("no", "suppressed: legal")


def test_the_window_of_the_step_holds_it_and_that_of_the_sequence_does_not() -> None:
    calendars = Calendars.model_validate(
        {"calendars": {"never-now": {"zone": "UTC", "hours": {"mon-sun": ["03:00-04:00"]}}}}
    )
    known = facts(program("steps: []").model_copy(update={"window": "never-now"})).but(
        policies=Policies(calendars=calendars), now=NINE
    )

    assert asked("service", known).answer == "go"
    verdict = asked("service", known, window="never-now")
    assert (verdict.answer, verdict.until) == ("later", datetime(2026, 3, 28, 3, tzinfo=UTC))


def test_it_is_of_use_as_long_as_its_endpoint_says_unless_its_step_says_otherwise() -> None:
    known = facts(program("steps: []"))
    need = Deliver(template="crm/lead", channel="webhook")
    for expires, days in ((None, 3), (Span.parse("1 day"), 1)):
        proposed = Proposed(
            need.model_copy(update={"expires": expires}), "service", None, known.now, lasts=Span.parse("3 days")
        )
        for late, answer in ((timedelta(0), "no"), (timedelta(seconds=-1), "go")):
            assert ask(proposed, known.but(now=known.now + timedelta(days=days) + late)).answer == answer


@pytest.mark.parametrize(
    ("attempts", "planned"),
    [(1, timedelta(seconds=5)), (2, timedelta(minutes=1)), (5, timedelta(hours=2)), (8, timedelta(hours=12))],
)
def test_rests_grow_to_half_a_day_and_are_spread_by_a_fifth(attempts: int, planned: timedelta) -> None:
    rests = {rest_of(attempts, f"m{number}") for number in range(200)}

    assert len(rests) == 200
    assert planned <= min(rests)
    assert max(rests) < planned * 1.2
    assert rest("webhook", attempts, timedelta(0), "m1", timedelta(seconds=1)) == rest_of(attempts, "m1")
