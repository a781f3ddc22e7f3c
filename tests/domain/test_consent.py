"""The gate: its table, the order of its questions, and what each answers."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from domain.caps import OVER_CAP, Counted, PutOff
from domain.consent import AGAIN, ALLOWED, QUESTIONS, Proposed, Verdict, ask, barred, expiry, named
from domain.facts import Standing
from domain.needs import Deliver, Sent
from domain.policies import MessageClass
from domain.run import advance, entered
from domain.spans import Expiry
from tests.domain.kit import ADA, MESSAGING, MONDAY, POLICIES, facts, policies, program

DOCS = Path(__file__).parents[2] / "docs" / "consent.md"
CLASSES: tuple[MessageClass, ...] = get_args(MessageClass)
SEQUENCE = program("window: office-hours\nsteps: []")
OPTED_IN = {"product-news": "opted_in"}
NIGHT = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)


def asked(
    class_: MessageClass = "marketing", now: datetime = MONDAY, standing: Standing | None = None, **options: Any
) -> Verdict:
    """Ask the gate about one message to Ada."""
    need = Deliver(template="welcome/hello", **{"expires": None, "window": "none"} | options)
    known = facts(SEQUENCE, now, standing=standing or Standing(consents=OPTED_IN))
    return ask(Proposed(need, class_, "product-news", MONDAY), known)


# The table -----------------------------------------------------------------------------------------------------------


def test_the_table_in_the_docs_is_the_table_in_the_code() -> None:
    written: dict[str, frozenset[str]] = {}
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        found = re.match(r"\| `(\w+)`.*\| (yes|no) \| (yes|no) \| (yes|no) \|$", line)
        if found:
            written[found[1]] = frozenset(
                c for c, word in zip(CLASSES, found.groups()[1:], strict=True) if word == "yes"
            )

    assert "| marketing | service | transactional |" in DOCS.read_text(encoding="utf-8")
    assert CLASSES == ("marketing", "service", "transactional")
    assert written == ALLOWED


@pytest.mark.parametrize("reason", sorted(ALLOWED))
@pytest.mark.parametrize("class_", CLASSES)
def test_every_place_of_the_table_is_kept(class_: MessageClass, reason: str) -> None:
    verdict = asked(class_, standing=Standing(consents=OPTED_IN, suppressed=frozenset({reason})))

    assert verdict.answer == ("go" if class_ in ALLOWED[reason] else "no")
    if verdict.answer == "no":
        assert verdict.reason == f"suppressed: {reason}"


@pytest.mark.parametrize("class_", CLASSES)
def test_a_reason_nobody_knows_stops_everything(class_: MessageClass) -> None:
    assert barred(class_, Standing(suppressed=frozenset({"of_the_future"}))) == "of_the_future"


def test_of_several_reasons_the_strictest_decides() -> None:
    both = Standing(suppressed=frozenset({"unsubscribed", "hard_bounce"}))

    assert barred("transactional", both) == "hard_bounce"


# The order -----------------------------------------------------------------------------------------------------------


def test_the_questions_are_asked_in_the_order_of_the_docs() -> None:
    asked_before_rendering = [
        "suppression", "address", "consent", "case", "holdout", "pause", "own_pause", "duplicate", "survey", "cap",
        "quiet", "own_quiet", "window",
    ]  # fmt: skip
    never_change = {"holdout"}

    assert [named(question) for question in QUESTIONS] == asked_before_rendering
    can_change = [each for each in asked_before_rendering if each not in never_change]
    assert [named(question) for question in AGAIN] == can_change
    assert re.findall(r"^\| \d+ \| `(\w+)`", DOCS.read_text(encoding="utf-8"), re.MULTILINE) == [
        "expired", *asked_before_rendering, "throttle",
    ]  # fmt: skip


def test_a_message_that_may_go_tells_every_question() -> None:
    assert asked(window=None).asked == [
        ("expired", "of use until 2026-03-09 09:00 UTC"),
        ("suppression", "not suppressed"),
        ("address", "has an address for email"),
        ("consent", "consent: product-news is opted_in"),
        ("case", "no open case"),
        ("holdout", "not held out"),
        ("pause", "the sequence is not paused"),
        ("own_pause", "they have not asked for a pause"),
        ("duplicate", "not sent to this address today"),
        ("survey", "asks for no answer"),
        ("cap", "under every cap"),
        ("quiet", "not in quiet hours (night, Europe/Berlin, from contact)"),
        ("own_quiet", "not in quiet hours of their own"),
        ("window", "inside office-hours (Europe/Berlin, its own clock)"),
    ]


def test_the_first_no_is_the_answer_and_nothing_behind_it_is_asked() -> None:
    everything: dict[str, Any] = {
        "standing": Standing(consents={"product-news": "opted_out"}, suppressed=frozenset({"complaint"})),
        "window": None,
        "expires": Expiry.parse("1 hour"),
    }

    assert asked(now=NIGHT, **everything).reason == "expired"
    everything["expires"] = None
    assert asked(now=NIGHT, **everything).reason == "suppressed: complaint"
    everything["standing"] = Standing(consents={"product-news": "opted_out"})
    assert asked(now=NIGHT, **everything).reason == "no consent: product-news is opted_out"
    everything["standing"] = Standing(consents=OPTED_IN)
    assert asked(now=NIGHT, **everything).reason == "quiet hours (night)"
    later = asked(now=NIGHT - timedelta(hours=3), **everything)
    assert (later.answer, later.reason) == ("later", "outside office-hours (Europe/Berlin, its own clock)")


# Each question -------------------------------------------------------------------------------------------------------


def test_without_an_address_nobody_is_written_to() -> None:
    known = facts(SEQUENCE, contact={**ADA, "email": None})

    assert ask(Proposed(Deliver(template="a"), "transactional", None, MONDAY), known).reason == "no address"


@pytest.mark.parametrize(
    ("standing", "answer"),
    [
        (Standing(consents=OPTED_IN), "go"),
        (Standing(), "no"),
        (Standing(consents={"product-news": "opted_out"}), "no"),
        (Standing(consents={"product-news": "pending"}), "no"),
        (Standing(consents=OPTED_IN, withdrawn=frozenset({"product-news"})), "no"),
        (Standing(consents=OPTED_IN, withdrawn=frozenset({"*"})), "no"),
        (Standing(consents=OPTED_IN, withdrawn=frozenset({"service"})), "go"),
    ],
)
def test_marketing_needs_a_yes_that_was_not_withdrawn(standing: Standing, answer: str) -> None:
    assert asked(standing=standing).answer == answer
    if "*" not in standing.withdrawn:
        assert asked("service", standing=standing).answer == "go", "no other class needs consent"


def test_a_withdrawal_from_everything_still_in_the_inbox_counts_as_the_suppression_it_will_be() -> None:
    withdrawn = Standing(consents=OPTED_IN, withdrawn=frozenset({"*"}))

    assert asked(standing=withdrawn).reason == "suppressed: unsubscribed"
    assert asked("service", standing=withdrawn).answer == "go"


@pytest.mark.parametrize(
    ("topic", "answer"), [("service", "go"), ("product-news", "no"), ("unknown", "no"), (None, "no")]
)
def test_without_a_word_the_topic_s_default_decides(topic: str | None, answer: str) -> None:
    need = Deliver(template="a", window="none")

    assert ask(Proposed(need, "marketing", topic, MONDAY), facts(SEQUENCE, standing=Standing())).answer == answer


def test_quiet_hours_are_the_contact_s_and_hold_until_they_are_over() -> None:
    verdict = asked(now=NIGHT)

    assert (verdict.answer, verdict.until) == ("later", datetime(2026, 3, 3, 5, tzinfo=UTC))
    assert asked("transactional", now=NIGHT).answer == "go"
    new_york = facts(SEQUENCE, NIGHT, contact={**ADA, "time_zone": "America/New_York"})
    assert (
        ask(Proposed(Deliver(template="a", window="none"), "marketing", "product-news", MONDAY), new_york).answer
        == "go"
    )


def test_a_window_opens_inclusively_and_closes_exclusively() -> None:
    opening, closing = datetime(2026, 3, 3, 9, tzinfo=UTC), datetime(2026, 3, 3, 17, tzinfo=UTC)
    second = timedelta(seconds=1)

    assert [asked(now=at, window=None).answer for at in (opening - second, opening, closing - second, closing)] == [
        "later", "go", "go", "later",
    ]  # fmt: skip


def test_nothing_waits_longer_than_it_is_of_use() -> None:
    evening = datetime(2026, 3, 2, 18, tzinfo=UTC)

    verdict = asked(now=evening, window=None, expires=Expiry.parse("12 hours"))

    assert (verdict.answer, verdict.until) == ("later", MONDAY + timedelta(hours=12))
    assert asked(now=MONDAY + timedelta(hours=12), expires=Expiry.parse("12 hours")).reason == "expired"
    assert asked(now=MONDAY + timedelta(hours=11), expires=Expiry.parse("12 hours")).answer == "go"


@pytest.mark.parametrize(("class_", "days"), [("marketing", 7), ("service", 2), ("transactional", 1)])
def test_without_a_word_of_the_step_the_class_decides_how_long_it_is_of_use(class_: MessageClass, days: int) -> None:
    proposed = Proposed(Deliver(template="a"), class_, None, MONDAY)

    assert expiry(proposed, facts(SEQUENCE)) == MONDAY + timedelta(days=days)


# Caps -----------------------------------------------------------------------------------------------------------------

CAPPED = POLICIES | {
    "policies/messaging.yaml": MESSAGING + "caps: [{class: marketing, channel: email, most: 2, in: 7 days}]\n"
}
GOT = tuple(Counted("marketing", "email", MONDAY - timedelta(days=days)) for days in (6, 1))


def over_the_cap(on_cap: str | None, now: datetime = MONDAY, counted: Sequence[Counted] = GOT) -> Verdict:
    known = facts(SEQUENCE, now, counted=counted, policies=policies(CAPPED))
    need = Deliver(template="welcome/hello", window="none", on_cap=on_cap)
    return ask(Proposed(need, "marketing", "product-news", MONDAY), known)


def test_one_message_too_many_waits_until_the_oldest_leaves_the_span() -> None:
    verdict = over_the_cap(None)

    assert (verdict.answer, verdict.until) == ("later", MONDAY + timedelta(days=1))
    assert verdict.reason == "cap: 2 marketing messages in 7 days"


def test_at_that_very_second_it_may_go() -> None:
    assert over_the_cap(None, MONDAY + timedelta(days=1)).answer == "go"
    assert over_the_cap(None, MONDAY + timedelta(days=1, seconds=-1)).answer == "later"


def test_other_classes_and_channels_do_not_count() -> None:
    others = (Counted("service", "email", MONDAY), Counted("marketing", "sms", MONDAY), GOT[0])

    assert over_the_cap(None, counted=others).answer == "go"


@pytest.mark.parametrize(
    ("on_cap", "answer", "until"),
    [
        ("skip", "no", None),
        ("exit", "no", None),
        ("defer 6 hours", "later", MONDAY + timedelta(hours=6)),
        ("defer 3 days then exit", "later", MONDAY + timedelta(days=1)),
    ],
)
def test_a_step_says_what_becomes_of_a_message_over_the_cap(on_cap: str, answer: str, until: datetime | None) -> None:
    verdict = over_the_cap(on_cap)

    assert (verdict.answer, verdict.until) == (answer, until)


def test_what_waited_as_long_as_its_step_allows_is_not_sent() -> None:
    verdict = over_the_cap("defer 6 hours", MONDAY + timedelta(hours=6))

    assert (verdict.answer, verdict.reason) == ("no", OVER_CAP)


@pytest.mark.parametrize(
    ("priority", "since", "first"),
    [
        (60, MONDAY, True),
        (50, MONDAY - timedelta(seconds=1), True),
        (50, MONDAY, False),
        (40, MONDAY - timedelta(days=1), False),
    ],
)
def test_the_last_free_place_is_left_to_a_message_with_a_better_right(
    priority: int, since: datetime, first: bool
) -> None:
    other = PutOff("marketing", "email", priority, since, due=MONDAY)
    known = facts(SEQUENCE, counted=GOT[:1], put_off=[other], policies=policies(CAPPED))

    verdict = ask(
        Proposed(Deliver(template="welcome/hello", window="none"), "marketing", "product-news", MONDAY), known
    )

    assert verdict.answer == ("later" if first else "go")


@pytest.mark.parametrize(("on_cap", "reason"), [("skip", "completed"), ("exit", "exited:over the cap")])
def test_over_the_cap_a_run_goes_on_or_ends_as_its_step_says(on_cap: str, reason: str) -> None:
    made = program(f"steps: [{{send: welcome/hello, on_cap: {on_cap}}}, {{update: {{score: +1}}}}]")
    run = entered(made, MONDAY)

    after = advance(made, run, Sent("skipped", OVER_CAP), MONDAY)

    assert (after.ended or "completed") == reason
