"""Throttles: what may be written, what a message passes, and that no span ever has more than its most."""

import heapq
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy_files import load_policies
from domain.slots import Counter, Outgoing, Used, asked_at, class_rank, counted_at, counters, in_use, turn
from domain.throttles import Throttle
from domain.tree import Problem

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TO_ANN = Outgoing("email", "gmail.com", "hello@acme.example", "win-back")


def throttle(**words: object) -> Throttle:
    return Throttle.model_validate({"most": 5, "in": "1 minute", **words}, extra="forbid")


def problems(*throttles: str, sequences: tuple[str, ...] = ("win-back",)) -> list[str]:
    text = "senders: {default: {from: Acme <hello@acme.example>}}\nthrottles:\n" + "".join(
        f"  - {each}\n" for each in throttles
    )
    found: list[Problem] = []
    load_policies({"policies/messaging.yaml": text, **{f"sequences/{name}.yaml": "" for name in sequences}}, found)
    return [f"{'warning: ' if each.warning else ''}{each.line}: {each.what}" for each in found]


def test_every_throttle_of_the_example_is_read() -> None:
    assert (
        problems(
            "{provider: default, most: 50, in: 1 second}",
            "{recipient_domain: gmail.com, most: 20, in: 1 minute}",
            "{recipient_domain: '*', most: 20, in: 1 minute}",
            "{mailbox: Hello@acme.example, most: 500, in: 1 day,"
            " warm_up: {from: 2026-11-01, start: 50, double_every: 3 days}}",
            "{sequence: win-back, most: 100, in: 1 hour}",
            "{provider: default, channel: sms, most: 1, in: 1 second}",
        )
        == []
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "{most: 5, in: 1 day}",
            "3: a throttle is of one thing; write one of provider, recipient_domain, mailbox, sequence",
        ),
        (
            "{provider: default, sequence: win-back, most: 5, in: 1 day}",
            "3: a throttle is of one thing; write one of provider, recipient_domain, mailbox, sequence",
        ),
        (
            "{provider: sess, most: 5, in: 1 day}",
            "3: 'provider' cannot be 'sess' for email; write default or plain or ses or sendgrid or mailgun or postmark"
            " or resend or brevo",
        ),
        (
            "{provider: ses, channel: sms, most: 5, in: 1 day}",
            "3: 'provider' cannot be 'ses' for sms; write default",
        ),
        (
            "{recipient_domain: gmail.com, channel: sms, most: 5, in: 1 day}",
            "3: 'recipient_domain' is of e-mail alone; for sms write provider or sequence",
        ),
        (
            "{provider: default, channel: emial, most: 5, in: 1 day}",
            "3: 'channel' cannot be 'emial'; write 'email', 'sms' or 'webhook'",
        ),
        ("{provider: default, most: 0, in: 1 day}", "3: 'most' cannot be '0'; write at least 1"),
        (
            "{provider: default, most: 5, in: 1 month}",
            "3: '1 month' has no fixed length; write hours, days or weeks",
        ),
        (
            "{recipient_domain: ann@gmail.com, most: 5, in: 1 day}",
            "3: 'ann@gmail.com' is not a domain; write what stands behind the @, e.g. gmail.com, or '*'",
        ),
        ("{mailbox: hello, most: 5, in: 1 day}", "3: 'hello' is not an address; write hello@your-domain"),
        (
            "{mailbox: helo@acme.example, most: 5, in: 1 day}",
            "warning: 3: no sender writes from 'helo@acme.example'; did you mean 'hello@acme.example'?",
        ),
        (
            "{sequence: winback, most: 5, in: 1 day}",
            "3: sequence 'winback' is not in sequences/; did you mean 'win-back'?",
        ),
        (
            "{provider: default, most: 5, in: 1 day, warm_up: {from: 2026-11-01, start: 9, double_every: 1 day}}",
            "3: warm_up starts with 9, more than most (5); start with fewer",
        ),
        (
            "{provider: default, most: 5, in: 1 day, warm_up: {from: 2026-11-01, start: 1, double_every: 8 hours}}",
            "3: '8 hours' is not in whole days; write days or weeks, e.g. '3 days'",
        ),
    ],
)
def test_check_refuses_what_cannot_be_meant(written: str, said: str) -> None:
    assert problems(written) == [said]


def test_what_the_page_shows_is_read() -> None:
    page = (Path(__file__).parents[2] / "docs/sending.md").read_text(encoding="utf-8")
    shown = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    senders = "senders: {default: {from: Acme <hello@acme.example>}}\n"
    found: list[Problem] = []
    for each in shown:
        load_policies({"policies/messaging.yaml": senders + each}, found)

    assert len(shown) == 3
    assert found == []


def test_check_refuses_the_same_throttle_twice() -> None:
    twice = problems("{provider: default, most: 5, in: 1 minute}", "{provider: default, most: 9, in: 60 seconds}")

    assert twice == ["2: two throttles of provider default in 60 seconds; delete one of them"]


def shown(*throttles: Throttle, of: Outgoing = TO_ANN, at: datetime = NOON, zone: ZoneInfo = UTC_ZONE) -> list[str]:
    return sorted(each.shown for each in counters(throttles, of, at, zone))


def test_a_message_passes_every_throttle_that_is_about_it() -> None:
    every = [
        throttle(provider="default"),
        throttle(recipient_domain="gmail.com"),
        throttle(recipient_domain="*", most=2),
        throttle(mailbox="hello@acme.example"),
        throttle(sequence="win-back"),
        throttle(sequence="other"),
        throttle(provider="default", channel="sms"),
    ]

    assert shown(*every) == [
        "all mail, 5 in 1 minute",
        "gmail.com, 5 in 1 minute",
        "hello@acme.example, 5 in 1 minute",
        "win-back, 5 in 1 minute",
    ]
    assert shown(*every, of=Outgoing("email", "else.example")) == [
        "all mail, 5 in 1 minute",
        "else.example, 2 in 1 minute",
    ]
    assert shown(*every, of=Outgoing("email")) == ["all mail, 5 in 1 minute"], "a message to staff"


def test_a_provider_that_is_named_counts_what_leaves_by_it_and_by_no_other() -> None:
    every = [
        throttle(provider="default", most=9),
        throttle(provider="ses"),
        throttle(provider="sendgrid"),
        throttle(provider="crm", channel="webhook", most=2),
        throttle(provider="default", channel="webhook"),
        throttle(provider="default", channel="sms"),
    ]

    assert shown(*every, of=Outgoing("email", provider="ses")) == ["all mail, 9 in 1 minute", "ses, 5 in 1 minute"]
    assert shown(*every, of=Outgoing("email", provider="plain")) == ["all mail, 9 in 1 minute"]
    assert shown(*every, of=Outgoing("webhook", provider="crm")) == [
        "all webhooks, 5 in 1 minute",
        "crm, 2 in 1 minute",
    ]
    assert shown(*every, of=Outgoing("sms")) == ["all texts, 5 in 1 minute"]


def test_a_sequence_may_be_called_as_the_way_out_is() -> None:
    own = throttle(sequence="default")

    assert shown(own, of=Outgoing("email", sequence="default")) == ["default, 5 in 1 minute"]
    assert shown(own, of=Outgoing("email", sequence="other")) == []


def test_a_domain_is_written_as_people_write_it() -> None:
    assert throttle(recipient_domain="Käse.example").value == "xn--kse-qla.example"


def test_a_warm_up_counts_its_days_on_the_organisations_clock() -> None:
    warm = throttle(
        mailbox="hello@acme.example",
        most=300,
        **{"in": "1 day", "warm_up": {"from": date(2026, 11, 1), "start": 50, "double_every": "3 days"}},
    )
    late = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)

    assert shown(warm, at=late) == ["hello@acme.example, 50 in 1 day"]
    assert shown(warm, at=late, zone=ZoneInfo("Europe/Berlin")) == ["hello@acme.example, 100 in 1 day"]
    assert [warm.most_on(date(2026, 11, day)) for day in (1, 4, 7, 10, 30)] == [50, 100, 200, 300, 300]
    assert warm.most_on(date(2026, 1, 1)) == 50


def test_transactional_goes_before_service_before_marketing_and_strange_classes_last() -> None:
    assert sorted(["odd", "marketing", "service", "transactional"], key=class_rank)[0] == "transactional"
    assert class_rank("odd") > class_rank("marketing") > class_rank("service")


@pytest.mark.parametrize(("most", "late"), [(1_000, timedelta(0)), (1_001, timedelta(seconds=80))])
def test_of_many_slots_a_thousandth_of_the_span_is_one_count(most: int, late: timedelta) -> None:
    day = Counter("n", "n", most, timedelta(days=1))

    at = counted_at(NOON + timedelta(seconds=6.4), day)

    assert timedelta(0) <= at - NOON - timedelta(seconds=6.4) <= late


@pytest.mark.parametrize(
    ("at", "span", "due"),
    [
        (NOON + 0.4 * SECOND, SECOND, SECOND),
        (NOON + 2.4 * SECOND, SECOND, 2 * SECOND),
        (NOON + 2.4 * SECOND, MINUTE, 3 * SECOND),
        (NOON + 3 * SECOND, MINUTE, 3 * SECOND),
    ],
)
def test_a_turn_is_asked_for_at_a_full_second_to_come(at: datetime, span: timedelta, due: timedelta) -> None:
    assert asked_at(at, span, NOON) == NOON + due


def test_a_limit_that_was_lowered_gives_back_nothing_of_what_is_above_it() -> None:
    used = [Used(NOON + each * SECOND) for each in range(4)]

    assert turn(used, 0, Counter("n", "n", 2, MINUTE), 0, NOON + 5 * SECOND) == NOON + 62 * SECOND


@given(
    most=st.integers(1, 4) | st.just(1_200),
    asks=st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 7_000), st.booleans()), max_size=60),
)
def test_no_span_has_more_than_its_most_whenever_slots_are_promised_used_or_given_back(
    most: int, asks: list[tuple[int, int, bool]]
) -> None:
    counter, scale = Counter("n", "n", most, 10 * SECOND), 40 if most > 1_000 else 1
    at, held, used, left = NOON, 0, list[Used](), list[datetime]()
    ends: list[tuple[datetime, bool]] = []
    for gap, hold, goes in asks:
        at += timedelta(milliseconds=gap)
        while ends and ends[0][0] <= at:
            end, leaves = heapq.heappop(ends)
            held -= scale
            if leaves:
                left += [end] * scale
                used.append(Used(counted_at(end, counter), scale))
        if counter.most - held - in_use(used, counter, at) >= scale:
            held += scale
            heapq.heappush(ends, (at + timedelta(milliseconds=hold), goes))
    left += [end for end, leaves in ends if leaves for _ in range(scale)]

    for each in left:
        assert sum(each - counter.span < one <= each for one in left) <= most


@given(
    most=st.integers(1, 5),
    used=st.lists(st.integers(0, 59_999), max_size=8),
    held=st.integers(0, 3),
    place=st.integers(0, 30),
)
def test_a_turn_lies_in_the_future_and_whoever_is_behind_is_never_before(
    most: int, used: list[int], held: int, place: int
) -> None:
    counter, at = Counter("n", "n", most, MINUTE), NOON + MINUTE
    counts = [Used(NOON + timedelta(milliseconds=each)) for each in used]

    mine, next_ = (turn(counts, held, counter, each, at) for each in (place, place + 1))

    assert at < mine <= next_
    assert mine.microsecond == 0
    assert mine <= at + MINUTE * (2 + (place + len(used) + held) // most)
