"""Conditions: what they mean, what they say about themselves, and that no data and no text breaks them."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.conditions import Judgement, functions_used, judge, paths, standard_functions

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
CONTACT = {
    "score": 12,
    "country": "DE",
    "tags": ["vip", "press"],
    "created_at": datetime(2026, 1, 1, 12, tzinfo=UTC),
    "vip": None,
    "stage": "",
}


class Diary:
    """A history in which everything was done with the step or event of that name, three times."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[tuple[str, object]] = []

    def sent(self, step: str) -> bool:
        return self._is("sent", step)

    def opened(self, step: str) -> bool:
        return self._is("opened", step)

    def clicked(self, step: str, url: str | None) -> bool:
        return self._is("clicked", step) and url in (None, "https://acme.example/prices")

    def replied(self, step: str) -> bool:
        return self._is("replied", step)

    def did(self, event: str, days: int | None) -> bool:
        return self._is("did", event) and (days is None or days > 3)

    def count(self, event: str, days: int) -> int:
        return 3 if self._is("count", event) and days > 3 else 0

    def in_segment(self, name: str) -> bool:
        return self._is("in_segment", name)

    def topic(self, name: str) -> bool:
        return self._is("topic", name)

    def _is(self, function: str, name: str) -> bool:
        self.asked.append((function, name))
        return name == self.name


def judged(source: str, functions: dict[str, Callable[..., object]] | None = None, **names: object) -> Judgement:
    return judge(source, {"contact": CONTACT, "now": NOW} | names, functions or {})


# --- what a condition means -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "contact.score >= 12 && contact.country in ['DE', 'AT', 'CH']",
        "contact.score < 12.5",
        "'vip' in contact.tags && !('lost' in contact.tags)",
        "contact.tags.exists(tag, tag.startsWith('pr')) // the press",
        "contact.tags.filter(tag, tag != 'vip').size() == 1",
        "contact.tags.map(tag, tag + '!') == ['vip!', 'press!']",
        "contact.tags.exists_one(tag, tag == 'vip')",
        "contact.created_at < now - duration('24h')",
        "contact.score > 100 ? false : contact.country == 'DE'",
        "contact['country'].matches('^[A-Z]{2}$')",
        "has(contact.score) && !has(contact.vip)",
        "contact.stage == ''",
        "{'DE': 1, 'AT': 2}[contact.country] == 1",
        "type(contact.score) == int",
    ],
)
def test_a_condition_that_holds_is_true(source: str) -> None:
    assert judged(source).true, judged(source).why


@pytest.mark.parametrize(
    "source",
    [
        "contact.vip == 'yes'",
        "contact.vip != 'yes'",
        "!(contact.vip == 'yes')",
        "!contact.vip",
        "contact.vip != contact.nickname",
        "!(contact.score == 12 && contact.vip == 'yes')",
        "!(contact.vip == 'yes' || contact.score == 13)",
        "!('x' in contact.vip)",
        "!contact.vip.exists(v, v == 'x')",
        "contact.vip == null",
        "!(contact.score > 'x')",
        "!(1 / 0 == 1)",
        "!(contact.tags[7] == 'vip')",
        "!contact.score",
        "-contact.flag == false",
        "(contact.vip == 'yes') == false",
        "(contact.vip == 'yes' ? 1 : 2) == 2",
        "matched.at != now",
        "outcome != 'booked'",
        "contact.score + 9223372036854775807 != 0",
    ],
)
def test_a_missing_or_unfit_value_that_decides_makes_all_of_it_false(source: str) -> None:
    assert not judged(source, contact=CONTACT | {"flag": True}).true


@pytest.mark.parametrize(
    "source",
    [
        "contact.vip == 'yes' || contact.score == 12",
        "contact.score == 12 || contact.vip == 'yes'",
        "!(contact.vip == 'yes' && contact.score == 13)",
        "contact.score || true",
        "has(contact.vip) || true",
        "contact.orders.exists(order, order.total > 5)",
        "!contact.orders.all(order, order.total > 5)",
    ],
)
def test_a_missing_or_unfit_value_that_does_not_decide_does_no_harm(source: str) -> None:
    orders = [{}, {"total": 4}, {"total": 9}, {"total": "9"}]

    assert judged(source, contact=CONTACT | {"orders": orders}).true


@pytest.mark.parametrize(
    "source", ["has(contact.vip)", "has(contact.vip.since)", "has(matched.at)", "has(contact.score.x)", "has(run.a.b)"]
)
def test_absence_can_be_asked_at_any_depth(source: str) -> None:
    assert not judged(source).true
    assert judged(f"!{source}").true


def test_text_that_looks_like_a_date_stays_text() -> None:
    assert not judged("run.event.day < now", run={"event": {"day": "2026-01-01"}}).true
    assert judged("timestamp(run.event.day) < now", run={"event": {"day": "2026-01-01T00:00:00Z"}}).true


def test_a_date_begins_at_midnight_on_the_clock_of_now() -> None:
    berlin = NOW.astimezone(ZoneInfo("Europe/Berlin"))
    names = {"contact": {"renewal": date(2026, 3, 2)}, "now": berlin}

    judgement = judge("contact.renewal == timestamp('2026-03-01T23:00:00Z')", names, {})

    assert judgement.true
    assert judgement.read == {"contact.renewal": "2026-03-01T23:00:00+00:00"}


def test_hours_are_read_on_the_contacts_clock_where_a_zone_is_given() -> None:
    assert judged("now.getHours('America/New_York') == 5 && now.getHours() == 10").true
    assert not judged("now.getHours('Europe') >= 0 || now.getHours('Mars/Crater') >= 0").true


def test_characters_are_counted_and_not_bytes() -> None:
    assert judged("size(contact.city) == 6 && contact.city.size() == 6", contact={"city": "Zürich"}).true


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), "\ud800", object(), timedelta.max])
def test_values_that_cannot_be_compared_are_unfit(value: object) -> None:
    assert not judged("contact.odd != 'x'", contact={"odd": value}).true


def test_values_of_the_database_are_read_as_what_they_are() -> None:
    contact = {"score": Decimal("12.5"), "big": 2**70, "tags": {"b", "a"}, "seen": datetime(2026, 1, 1, 9)}  # noqa: DTZ001

    assert judged("contact.score > 12 && contact.big > 1", contact=contact).true
    assert judged("contact.tags == ['a', 'b'] && contact.seen < now", contact=contact).true


# --- what it says about itself ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("contact.score >= 60", "contact.score >= 60 is false: contact.score is 12"),
        ("contact.vip", "contact.vip is false: contact.vip is missing"),
        (
            "contact.country in ['DE'] && contact.score >= 60",
            "contact.country in ['DE'] && contact.score >= 60 is false: contact.score is 12",
        ),
        ("!has(contact.vip)", "!has(contact.vip) is true: contact.vip is missing"),
        ("contact.score", "contact.score is false: contact.score is 12; that is neither true nor false"),
        (
            "contact.score > 'x'",
            "contact.score > 'x' is false: contact.score is 12; these kinds of value do not go together",
        ),
        ("'x' in contact.tags", "'x' in contact.tags is false: contact.tags is ['vip', 'press']"),
        (
            "contact.tags.exists(tag, tag == 'vip')",
            "contact.tags.exists(tag, tag == 'vip') is true: tag is 'vip'",
        ),
        ("true", "true is true"),
        (
            "contact.score = 1",
            "contact.score = 1 is false: '=' at character 15 is not a comparison; write == for equal",
        ),
    ],
)
def test_it_says_which_value_decided(source: str, why: str) -> None:
    assert judged(source).why == why


def test_long_text_is_cut_in_the_reason_and_kept_in_the_record() -> None:
    text = "y" * 500

    judgement = judged("contact.note == 'x'", contact={"note": text})

    assert judgement.why == f"contact.note == 'x' is false: contact.note is '{'y' * 80}…'"
    assert judgement.read == {"contact.note": text}


def test_it_keeps_every_path_it_names_and_every_function_it_asked() -> None:
    functions = standard_functions(Diary("tips"), NOW)

    judgement = judged('clicked( "tips" ) && contact.vip == 1 || contact.score > 99 && sent("hello")', functions)

    assert judgement.read == {"contact.vip": None, "contact.score": 12, "clicked('tips')": True}


# --- functions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "sent('tips') && opened('tips') && clicked('tips') && replied('tips')",
        "clicked('tips', 'https://acme.example/prices') && !clicked('tips', 'https://acme.example/')",
        "did('tips') && did('tips', 30) && !did('tips', 1) && count('tips', 30) == 3",
        "in_segment('tips') && topic('tips') && !topic('other')",
        "days_since(contact.created_at) == 59",
        "[contact.created_at].all(moment, days_since(moment) > 30)",
    ],
)
def test_functions_ask_the_history(source: str) -> None:
    judgement = judged(source, standard_functions(Diary("tips"), NOW))

    assert judgement.true, judgement.why


def test_a_history_is_asked_once_and_only_where_it_matters() -> None:
    diary = Diary("tips")

    judged("contact.score > 99 && sent('tips') || opened('tips') && opened('tips')", standard_functions(diary, NOW))

    assert diary.asked == [("opened", "tips")]


def test_days_are_counted_on_the_clock_of_now() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    days_since = standard_functions(Diary(""), datetime(2026, 4, 1, tzinfo=berlin))["days_since"]

    assert days_since(datetime(2026, 3, 1, tzinfo=berlin)) == 31
    assert days_since(datetime(2026, 4, 1, 12, tzinfo=berlin)) == -1


@pytest.mark.parametrize("source", ["days_since(contact.country) >= 0", "days_since(contact.vip) < 9", "nope(1) != 2"])
def test_a_function_without_an_answer_makes_it_false(source: str) -> None:
    assert not judged(source, standard_functions(Diary(""), NOW)).true


def test_a_history_out_of_reach_is_not_taken_for_a_no() -> None:
    def away(step: str) -> bool:
        raise ConnectionError(step)

    with pytest.raises(ConnectionError):
        judged("sent('hello') || true", {"sent": away})


def test_paths_and_functions_are_those_of_the_data() -> None:
    source = "contact.tags.exists(t, t == run.event.plan) && did('purchased', 3) && size(contact['city']) > 1 && x.y"

    assert paths(source) == ["contact.tags", "run.event.plan", "contact.city", "x.y"]
    assert functions_used(source) == ["did", "size"]
    assert paths("a b") == functions_used("a b") == []


# --- bounds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "contact.text.matches('(a{0,1000}){0,50}b')",
        r"contact.many.exists(x, contact.text.matches('\\w{40}[^a]'))",
        "contact.many.map(x, contact.many).size() == 1",
        "contact.many.map(x, contact.text + contact.text + contact.text).size() == 1",
        "+".join(["contact.text"] * 75) + " == 'x'",
        "contact.many.exists(x, " + "+".join(["contact.text"] * 70) + " == 'x')",
        "contact.many.filter(x, x in contact.many && contact.many == contact.many && !(x in contact.many)).size() > 0",
    ],
)
def test_no_condition_takes_more_than_seconds_whatever_the_data(source: str) -> None:
    contact = {"many": list(range(1_000)), "text": "a" * 99_999}
    began = time.perf_counter()

    assert not judged(source, contact=contact).true
    assert time.perf_counter() - began < 10


def test_longer_data_is_unfit() -> None:
    contact = {"tags": ["x"] * 1_001, "note": "x" * 100_001, "nested": [[["x"] * 1_000] * 10] * 10}

    assert judged("'x' in contact.tags", contact=contact).why.endswith("contact.tags has more than 1,000 items")
    assert judged("contact.note != ''", contact=contact).why.endswith("contact.note is longer than 100,000 characters")
    assert judged("contact.nested != []", contact=contact).why.endswith("contact.nested holds too much to be compared")


def test_data_that_contains_itself_is_unfit() -> None:
    loop: list[object] = []
    loop.append(loop)

    assert not judged("contact.loop != []", contact={"loop": loop}).true
