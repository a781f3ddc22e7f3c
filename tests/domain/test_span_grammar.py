"""What authors write about time: what is read, what is refused, and how it travels."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from domain.dues import Due, Sight, resolve
from domain.spans import Deadline, Delay, Expiry, Limit, Moment, Span


@pytest.mark.parametrize(
    ("words", "example"),
    [
        ("2 dayz", "2 days"),
        ("1 hous", "1 hour"),
        ("3 busines days", "3 business days"),
        ("3 working days", "3 business days"),
        ("2d", "2 days"),
        ("1 year", "12 months"),
        ("days", "2 days"),
        ("1.5 hours", "2 days"),
        ("-1 days", "2 days"),
        ("", "2 days"),
        ("P", "2 days"),
        ("P1H", "2 days"),
        ("PT", "2 days"),
        ("P1DT", "2 days"),
        ("²days", "2 days"),
    ],
)
def test_a_bad_span_is_refused_with_the_nearest_good_one(words: str, example: str) -> None:
    with pytest.raises(ValueError, match=r"^bad span '") as refused:
        Span.parse(words)

    assert str(refused.value) == (
        f"bad span '{words}'; write a number and one of seconds, minutes, hours, days, weeks, months, "
        f"business minutes, hours or days, e.g. '{example}'"
    )


@pytest.mark.parametrize(
    ("parse", "words", "message"),
    [
        (Span.parse, "1 day 12 hours", "several units are written 'P1DT12H'"),
        (Span.parse, "1 month, 2 weeks and 3 days", "several units are written 'P1M2W3D'"),
        (Span.parse, "2 hours and 1 minute", "several units are written 'PT2H1M'"),
        (Span.parse, "1 business day and 2 hours", "several units are written as two waits, one after the other"),
        (Delay.parse, "1 day 2 hours", "several units are written 'P1DT2H'"),
        (Span.parse, "0 days", "the number must be 1 or more"),
        (Span.parse, "2 days at 09:00", "leave out 'at'"),
        (Span.parse, "101 years", "e.g. '1212 months'"),
        (Span.parse, "99999 days", "is too long; write at most 100 years"),
        (Span.parse, "P99999999999999999999Y", "is too long"),
        (Span.parse, "10001 business hours", "is too long"),
        (Span.parse, "600060 business minutes", "is too long"),
        (Delay.parse, "2 days at 9:00", "bad time '9:00'; write HH:MM"),
        (Delay.parse, "2 days at 24:00", "bad time '24:00'"),
        (Delay.parse, "3 hours at 09:00", "'at' goes only with days, weeks, months and business days"),
        (Delay.parse, "3 business hours at 09:00", "'at' goes only with"),
        (Delay.parse, "P1DT2H at 09:00", "'at' goes only with"),
        (Delay.parse, "until mondai at 09:00", "'mondai' is no weekday: write e.g. 'until monday at 09:00'"),
        (Delay.parse, "until monday", "add the hour: 'until monday at 09:00'"),
        (Delay.parse, "until 9:00", "bad time '9:00'"),
        (Delay.parse, "until 2026-02-30", "bad date '2026-02-30'; there is no such day"),
        (Delay.parse, "until event.day", "begin with contact.FIELD, run.event.FIELD"),
        (Delay.parse, "until contact.day - 3 hours at 09:00", "'at' goes only with"),
        (Delay.parse, "until contact.day - 3 dayz", "bad span '3 dayz'"),
        (Delay.parse, "contact.day", "put 'until' before a moment: 'until contact.day'"),
        (Delay.parse, "09:00", "put 'until' before an hour: 'until 09:00'"),
        (Delay.parse, "Monday, friday at 09:00", "put 'until' before a weekday: 'until Monday, friday at 09:00'"),
        (Delay.parse, "forever", "bad span 'forever'"),
        (Limit.parse, "contact.day", "put 'until' before a moment"),
        (Limit.parse, "2 hours at 09:00", "'at' goes only with"),
        (Expiry.parse, "until contact.day", "leave out 'until': 'contact.day'"),
        (Moment.parse, "contact.day +", "bad moment 'contact.day"),
        (Moment.parse, "contact", "bad moment 'contact'"),
        (Moment.parse, "contact.a.b", "bad moment 'contact.a.b'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_way_out(
    parse: Callable[[str], object], words: str, message: str
) -> None:
    with pytest.raises(ValueError, match="; ") as refused:
        parse(words)

    assert message in str(refused.value)


def test_the_words_stay_the_authors() -> None:
    assert str(Delay.parse("  Until  monday,Thursday   at 09:00 ")) == "Until monday,Thursday at 09:00"
    assert str(Span.parse("1 Day")) == "1 Day"


@pytest.mark.parametrize(
    ("value", "sources"),
    [
        (Delay.parse("until contact.renewal_date - 30 days"), ["contact.renewal_date"]),
        (Delay.parse("until run.event.due"), ["run.event.due"]),
        (Limit.parse("until matched.at + 2 days"), ["matched.at"]),
        (Expiry.parse("calls.price.valid_until"), ["calls.price.valid_until"]),
        (Moment.parse("2026-05-01"), []),
        (Delay.parse("2 days"), []),
        (Span.parse("2 days"), []),
    ],
)
def test_a_value_knows_the_fields_it_reads(value: Span | Moment | Deadline, sources: list[str]) -> None:
    assert value.sources() == sources


def test_only_a_wait_for_a_moment_needs_if_past() -> None:
    assert Delay.parse("until contact.day").needs_if_past
    assert not Delay.parse("until monday at 09:00").needs_if_past
    assert not Delay.parse("2 days").needs_if_past


class Step(BaseModel):
    wait: Delay
    up_to: Limit | None = None
    expires: Expiry | None = None


def test_values_travel_as_the_authors_words() -> None:
    step = Step.model_validate({"wait": "2 days at 09:00", "up_to": "forever", "expires": "contact.day at 18:00"})

    assert step.model_dump_json() == '{"wait":"2 days at 09:00","up_to":"forever","expires":"contact.day at 18:00"}'
    assert Step.model_validate_json(step.model_dump_json()) == step
    assert Step.model_validate(step.model_dump()) == step
    assert Step(wait=Delay.parse("1 hour")).wait.span == Span.parse("1 hour")
    assert len({Delay.parse("1 hour"), Delay.parse("1 hour")}) == 1


def test_the_schema_of_a_value_is_text_with_examples() -> None:
    described = Step.model_json_schema()["$defs"]["Delay"]

    assert described["type"] == "string"
    assert "2 days at 09:00" in described["examples"]


def test_anything_but_text_is_refused_in_its_place() -> None:
    with pytest.raises(ValidationError, match=r"this must be text; write e\.g\. '2 days at 09:00'"):
        Step.model_validate({"wait": {"days": 2}})
    with pytest.raises(ValidationError, match="bad span '2 dayz'; write a number"):
        Step.model_validate({"wait": "2 dayz"})


def test_a_due_travels() -> None:
    found = resolve(Delay.parse("1 day at 09:00"), datetime(2026, 5, 4, tzinfo=UTC), Sight(ZoneInfo("Europe/Berlin")))

    assert found is not None
    assert Due.model_validate_json(found.model_dump_json()) == found


@given(st.sampled_from([Span, Delay, Limit, Expiry, Moment]), st.text() | st.text("PTDHMYSW0123456789 until-+:.contx"))
def test_any_text_is_read_or_refused_with_a_message(
    kind: type[Span] | type[Delay] | type[Limit] | type[Expiry] | type[Moment], text: str
) -> None:
    try:
        value = kind.parse(text)
    except ValueError as refused:
        problem = str(refused)
    else:
        problem = "none; nothing to do"
        assert kind.parse(str(value)) == value
    assert "; " in problem
