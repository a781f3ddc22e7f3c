"""The answers facts give to needs, and the facts themselves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.answering import Answer, Asked, answer, may_go, propose
from domain.facts import Event, Facts, Standing
from domain.needs import Broken, Decide, Decided, Deliver, Elapsed, Happened, Later, Listen, Passed, Sleep, TimedOut
from domain.spans import Delay, Expiry, Limit
from tests.domain.kit import ADA, MONDAY, facts, policies, program

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
EMPTY = program("steps: []")


def asked(since: datetime = MONDAY, admission: bool = False) -> Asked:
    return Asked(step="it", kind="wait", visit=1, arrived_at=MONDAY, since=since, admission=admission)


def did(id_: int, name: str, after: timedelta, step: str | None = None, **data: Any) -> Event:
    return Event(id=id_, name=name, at=MONDAY + after, data=data, enrolment="e1" if step else None, step=step)


# Deciding ------------------------------------------------------------------------------------------------------------


def test_a_condition_without_words_is_always_true() -> None:
    found = answer(Decide(conditions=("contact.score > 99", None), arms=("1", "otherwise")), asked(), facts(EMPTY))

    assert found.outcome == Decided(1)
    assert found.row is not None
    assert (found.row.did, found.row.more) == ("took", {"arm": "otherwise", "read": {"contact.score": 10}})


def test_no_arm_is_an_answer_too() -> None:
    found = answer(Decide(conditions=("contact.score > 99",), arms=("1",)), asked(), facts(EMPTY))

    assert found.outcome == Decided(None)
    assert found.row is not None
    assert (found.row.did, found.row.more["arm"]) == ("took", "none")


def test_admission_shows_a_row_only_when_it_is_refused() -> None:
    yes = answer(Decide(conditions=("contact.score > 9",)), asked(admission=True), facts(EMPTY))
    no = answer(Decide(conditions=("contact.score > 99",)), asked(admission=True), facts(EMPTY))

    assert yes.row is not None
    assert no.row is not None
    assert (yes.outcome, yes.row.shown) == (Decided(0), False)
    assert (no.outcome, no.row.did, no.row.shown) == (Decided(None), "skipped", True)


# Sleeping ------------------------------------------------------------------------------------------------------------


def slept(words: str, now: datetime = MONDAY, **contact: Any) -> Answer:
    return answer(Sleep(words=Delay.parse(words)), asked(), facts(EMPTY, now, contact={**ADA, **contact}))


def test_a_sleep_is_counted_from_the_arrival_on_the_clock_of_now() -> None:
    assert slept("2 days at 09:00").outcome == Later(
        datetime(2026, 3, 4, 8, tzinfo=UTC), "2 days at 09:00 Europe/Berlin"
    )
    assert slept("2 days at 09:00", MONDAY + DAY, time_zone="America/New_York").outcome == Later(
        datetime(2026, 3, 4, 14, tzinfo=UTC), "2 days at 09:00 America/New_York"
    )


def test_it_is_over_at_its_second_and_not_before() -> None:
    assert isinstance(slept("1 hour", MONDAY + HOUR - SECOND).outcome, Later)
    assert slept("1 hour", MONDAY + HOUR).outcome == Elapsed()
    assert slept("1 hour", MONDAY + 9 * DAY).outcome == Elapsed(), "a worker that was away"


def test_past_is_what_was_past_on_arrival() -> None:
    moment = "until contact.renewal_date at 12:00"

    assert slept(moment, renewal_date="2026-03-01").outcome == Passed()
    assert slept(moment, MONDAY + 3 * DAY, renewal_date="2026-03-03").outcome == Elapsed()


@pytest.mark.parametrize("value", [None, "", "soon", 7])
def test_a_date_that_is_none_breaks_the_step_and_the_outcome_names_no_data(value: object) -> None:
    found = slept("until contact.renewal_date", renewal_date=value)

    assert isinstance(found.outcome, Broken)
    assert str(value or "-") not in found.outcome.reason
    assert found.row is not None
    assert (found.row.did, found.row.why[0].partition(":")[0]) == ("stopped", "contact.renewal_date")


# Listening -----------------------------------------------------------------------------------------------------------


def heard(
    happened: list[Event], now: datetime = MONDAY + DAY, taken: frozenset[int] = frozenset(), **options: Any
) -> object:
    need = Listen(**{"events": ("clicked", "replied"), "up_to": Limit.parse("1 day"), "of": ("hello",)} | options)
    return answer(need, asked(), facts(EMPTY, now, events=happened, taken=taken)).outcome


@pytest.mark.parametrize(
    ("after", "counts"), [(-SECOND, False), (timedelta(), True), (HOUR, True), (DAY, True), (DAY + SECOND, False)]
)
def test_what_counts_lies_between_since_and_the_deadline_both_included(after: timedelta, counts: bool) -> None:
    found = heard([did(7, "clicked", after, "hello")], now=MONDAY + 9 * DAY)

    assert found == (Happened("clicked", of="hello", id=7, at=MONDAY + after) if counts else TimedOut())


@pytest.mark.parametrize("late", [timedelta(), SECOND, 2 * DAY])
def test_a_condition_that_came_true_in_time_counts_though_it_is_asked_late(late: timedelta) -> None:
    def watched(condition: str, *happened: Event, **contact: Any) -> object:
        need = Listen(events=(), when=condition, up_to=Limit.parse("1 day"))
        known = facts(EMPTY, MONDAY + DAY + late, events=happened, contact={**ADA, **contact})
        return answer(need, asked(), known).outcome

    yes = Happened("condition")
    assert watched("now >= timestamp('2026-03-03T09:00:00Z')") == yes
    assert watched("now > timestamp('2026-03-03T09:00:00Z')") == TimedOut()
    assert watched("contact.stage == 'customer'", stage="customer") == yes
    assert watched("did('purchased')", did(1, "purchased", DAY)) == yes
    assert watched("did('purchased')", did(1, "purchased", DAY + SECOND)) == TimedOut()


def test_the_first_received_that_was_not_taken_moves_it() -> None:
    events = [did(1, "clicked", HOUR, "hello"), did(2, "replied", HOUR, "hello"), did(3, "clicked", HOUR, "hello")]

    assert [getattr(heard(events, taken=frozenset(range(1, n))), "id", None) for n in (1, 2, 3, 4)] == [1, 2, 3, None]


def test_another_run_s_message_of_the_same_step_is_another_message() -> None:
    assert isinstance(heard([Event(1, "clicked", MONDAY + HOUR, {}, "e2", "hello")]), TimedOut)


def test_where_is_asked_of_each_event() -> None:
    events = [did(1, "purchased", HOUR, amount=1), did(2, "purchased", HOUR, amount=9)]

    found = heard(events, events=("purchased",), of=(), where="event.amount > 5")

    assert getattr(found, "id", None) == 2


def test_until_then_it_waits_and_says_for_what() -> None:
    found = heard([], now=MONDAY + HOUR)

    assert found == Later(MONDAY + DAY, "clicked or replied, up to 1 day Europe/Berlin")
    assert heard([], up_to=Limit.parse("forever")) == Later(None, "clicked or replied")


# The gate ------------------------------------------------------------------------------------------------------------


def gated(now: datetime = MONDAY, **options: Any) -> Answer | None:
    standing = options.pop("standing", Standing(consents={"product-news": "opted_in"}))
    need = Deliver(template="welcome/hello", **options)
    return may_go(propose(need, "marketing", "product-news", MONDAY), facts(EMPTY, now, standing=standing))


def test_the_gate_says_nothing_when_a_message_may_go() -> None:
    assert gated() is None


def test_a_no_is_a_skipped_message_and_a_later_a_row_that_does_not_close_the_visit() -> None:
    no, later = gated(standing=Standing()), gated(MONDAY + 13 * HOUR)

    assert no is not None
    assert no.row is not None
    assert (no.row.did, no.row.final) == ("skipped", True)
    assert later is not None
    assert later.row is not None
    assert (later.row.did, later.row.final) == ("deferred", False)
    assert isinstance(later.outcome, Later)
    assert later.outcome.due == later.row.more["until"]


def test_an_expiry_that_cannot_be_counted_breaks_the_step() -> None:
    found = gated(expires=Expiry.parse("contact.renewal_date"))

    assert found is not None
    assert isinstance(found.outcome, Broken)


# The facts -----------------------------------------------------------------------------------------------------------


def known(**changed: Any) -> Facts:
    return facts(EMPTY, MONDAY + 3 * DAY, **changed)


def test_dates_of_the_record_are_instants_to_conditions_and_dates_to_waits() -> None:
    about = known(contact={**ADA, "renewal_date": "2026-03-02", "time_zone": "America/New_York"})

    assert about.judge("contact.renewal_date == timestamp('2026-03-02T05:00:00Z')").true
    assert about.read("contact.renewal_date") == "2026-03-02"
    assert known(contact={**ADA, "renewal_date": "soon"}).judge("has(contact.renewal_date)").true is False


@pytest.mark.parametrize("date", ["0001-01-01", "0001-01-01T00:00:00", "9999-12-31T23:59:59"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_date_at_the_edge_of_the_calendar_breaks_no_condition(date: str, zone: str) -> None:
    # Many systems write the first day there is for "no date"; in Berlin it begins in a year before the first.
    about = known(contact={**ADA, "renewal_date": date, "time_zone": zone})

    assert about.judge("contact.score >= 10").true
    assert about.judge("contact.score >= 10 || contact.renewal_date > now").true
    assert not about.judge("days_since(contact.renewal_date) == 3").true


def test_days_are_counted_on_the_contact_s_clock() -> None:
    late = {**ADA, "renewal_date": "2026-03-04", "time_zone": "Asia/Tokyo"}
    midnight = datetime(2026, 3, 4, 15, tzinfo=UTC)  # the fifth begins in Tokyo

    assert facts(EMPTY, midnight, contact=late).judge("days_since(contact.renewal_date) == 1").true
    assert facts(EMPTY, midnight - SECOND, contact=late).judge("days_since(contact.renewal_date) == 0").true


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        ("sent('hello')", True),
        ("sent('tips')", False),
        ("clicked('hello')", True),
        ("clicked('hello', 'https://a.example')", True),
        ("clicked('hello', 'https://b.example')", False),
        ("opened('hello')", False),
        ("replied('hello')", False),
        ("did('purchased')", True),
        ("did('purchased', 2)", False),
        ("did('purchased', 3)", True),
        ("count('clicked', 9) == 1", True),
        ("in_segment('customers')", False),
        ("run.event.plan == 'pro'", True),
        ("matched.amount == 9", True),
        ("matched.event == 'purchased'", True),
        ("run.entered_at < now", True),
    ],
)
def test_conditions_ask_what_happened(condition: str, true: bool) -> None:
    bought = did(1, "purchased", HOUR, amount=9)
    events = [
        bought,
        did(2, "clicked", HOUR, "hello", url="https://a.example"),
        did(3, "opened", HOUR, "hello", by="machine"),
        Event(4, "replied", MONDAY + HOUR, {}, "another run", "hello"),
    ]
    about = known(events=events, sends={"hello": 1}, run_event={"plan": "pro"}, matched=bought)

    assert about.judge(condition).true is true


@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        (Standing(), {"service"}),
        (Standing(consents={"product-news": "opted_in", "service": "opted_out"}), {"product-news"}),
        (Standing(consents={"product-news": "pending"}), {"service"}),
        (Standing(consents={"product-news": "opted_in"}, withdrawn=frozenset({"product-news"})), {"service"}),
        (Standing(consents={"product-news": "opted_in"}, withdrawn=frozenset({"*"})), set()),
        (Standing(consents={"product-news": "opted_in"}, suppressed=frozenset({"unsubscribed"})), set()),
    ],
)
def test_a_topic_is_wanted_by_word_or_default_and_not_after_a_withdrawal(standing: Standing, wanted: set[str]) -> None:
    about = known(standing=standing)

    assert {name for name in ("product-news", "service", "unknown") if about.topic(name)} == wanted


def test_a_calendar_that_was_deleted_is_named() -> None:
    with pytest.raises(ValueError, match="there is no calendar 'gone'"):
        known().calendar("gone")
    assert policies().calendar(None) is not None


# Whose clock ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contact", "clock"),
    [
        ({"time_zone": "Asia/Tokyo"}, "Asia/Tokyo, from contact"),
        ({"time_zone": "Mars/Olympus", "country": "AT"}, "Europe/Vienna, from country"),
        ({"time_zone": "", "country": "US", "phone": "+1 212 555 0123"}, "America/New_York, from phone"),
        ({"time_zone": None, "country": None}, "Europe/London, from organisation"),
    ],
)
def test_the_log_of_every_wait_and_message_says_whose_clock_it_was(contact: dict[str, Any], clock: str) -> None:
    known = facts(EMPTY, contact=ADA | contact, now=MONDAY + 3 * DAY)
    expired = propose(Deliver(template="t"), "service", None, MONDAY)
    found = [
        answer(Sleep(words=Delay.parse("2 days at 09:00")), asked(), known),
        answer(Listen(events=("clicked",), up_to=Limit.parse("1 day")), asked(), known),
        may_go(expired, known),
    ]

    assert [each.row.more["clock"] for each in found if each and each.row] == [clock] * 3
