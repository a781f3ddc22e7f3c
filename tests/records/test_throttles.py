"""Throttles on real records, by several workers at once, on both databases."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from channels.base import Refused, Unavailable
from channels.providers.ses import Ses
from domain.needs import Later, Sent
from records import throttling
from records.sending_models import ThrottleCount, ThrottleHold
from records.session import Database
from records.waiting_models import WaitingMessage
from tests.records.dispatch import NEWS, NOW, Dispatch, home, most_in, people

pytestmark = pytest.mark.system

MINUTE = timedelta(minutes=1)
Found = Callable[..., Dispatch]


@pytest.fixture
def found(main: Database) -> Iterator[Found]:
    other = Database(main.url)
    yield lambda throttles, **sequences: Dispatch([main, other], home(throttles, **sequences))
    other.close()


async def test_no_span_has_more_than_its_most_however_many_workers_send(found: Found) -> None:
    office = found("[{provider: default, most: 7, in: 1 minute}]", news=NEWS)
    office.taker.slow = 0.001
    runs = office.enrol("news", people(30))

    await office.live()

    left = [at for at, _ in office.left()]
    assert len(left) == len(runs) == len(office.taker.taken)
    assert most_in(left, MINUTE) == 7
    assert max(left) <= NOW + 5 * MINUTE, "a free slot is used"
    per_run = Counter(run for _, run, _ in office.asked)
    assert max(per_run.values()) <= 4, "nobody asks each second"
    assert [row.did for row in office.said(runs[-1]) if row.shown] == ["deferred", "sent"]
    assert office.read(ThrottleHold) == []
    assert [row.queue for row in office.read(WaitingMessage)] == []


async def test_who_gets_no_slot_waits_for_its_likely_turn_and_the_log_names_the_throttle(found: Found) -> None:
    office = found("[{recipient_domain: gmail.com, most: 1, in: 1 minute}]", news=NEWS)
    first, *others = office.enrol("news", people(4, "gmail.com"))
    [elsewhere] = office.enrol("news", people(1, "else.example"))
    assert await office.ask([first]) == {first: Sent("accepted")}

    said = [(await office.ask([run]))[run] for run in others]

    why = "throttle: gmail.com, 1 in 1 minute"
    assert said == [Later(NOW + turn * MINUTE, why) for turn in (1, 2, 3)]
    assert [(row.did, row.why) for row in office.said(others[0])] == [("deferred", [why])]
    assert await office.ask([elsewhere]) == {elsewhere: Sent("accepted")}


async def test_each_other_domain_has_a_count_of_its_own(found: Found) -> None:
    office = found(
        "[{recipient_domain: '*', most: 1, in: 1 minute}, {recipient_domain: gmail.com, most: 2, in: 1 minute}]",
        news=NEWS,
    )
    runs = office.enrol(
        "news", [f"{name}@{domain}" for domain in ("gmail.com", "a.example", "b.example") for name in "xyz"]
    )

    outcomes = await office.ask(runs)

    sent = Counter(office.address_of[run].partition("@")[2] for run, each in outcomes.items() if isinstance(each, Sent))
    assert sent == {"gmail.com": 2, "a.example": 1, "b.example": 1}


async def test_a_free_slot_goes_by_class_then_priority_then_age_whoever_asks_first(found: Found) -> None:
    office = found(
        "[{provider: default, most: 1, in: 1 minute}]",
        news=NEWS,
        urgent=f"priority: 90\n{NEWS}",
        receipt="priority: 10\nsteps: [{send: t/receipt}]",
        answer="priority: 20\nsteps: [{send: t/answer}]",
    )
    [blocker] = office.enrol("news", people(1))
    await office.ask([blocker])
    waiting: list[str] = []
    for number, sequence in enumerate(("news", "news", "urgent", "answer", "receipt")):
        waiting += office.enrol(sequence, [f"w{number}@customer.example"])
        await office.ask(waiting[-1:])
        office.now += timedelta(seconds=1)

    while any(office.due[run] for run in waiting):
        office.now = max(office.now, min(due for due in office.due.values() if due))
        for run in [each for each in waiting if (due := office.due[each]) and due <= office.now]:
            await office.ask([run])

    order = [office.sequence_of[run] for _, run in office.left()][1:]
    assert order == ["receipt", "answer", "urgent", "news", "news"]
    assert [run for _, run in office.left()][-2:] == waiting[:2]


async def test_a_message_passes_all_its_throttles_or_takes_no_slot(found: Found) -> None:
    office = found(
        "[{provider: default, most: 3, in: 1 minute}, {mailbox: hello@acme.example, most: 2, in: 1 minute},"
        " {sequence: news, most: 1, in: 1 minute}]",
        news=NEWS,
        other=NEWS,
    )
    news, other = office.enrol("news", people(2)), office.enrol("other", people(3, "other.example"))

    said = [(await office.ask([run]))[run] for run in (*news, *other)]

    assert [getattr(each, "why", "sent") for each in said] == [
        "sent",
        "throttle: news, 1 in 1 minute",
        "sent",
        "throttle: hello@acme.example, 2 in 1 minute",
        "throttle: hello@acme.example, 2 in 1 minute",
    ]
    assert {row.throttle.split("/")[1]: row.taken for row in office.read(ThrottleCount)}.keys() == {
        "provider",
        "mailbox",
        "sequence",
    }
    assert sum(row.taken for row in office.read(ThrottleCount) if "/provider/" in row.throttle) == 2


async def test_a_named_provider_counts_only_what_it_takes_staff_included(main: Database) -> None:
    throttles = (
        "[{provider: ses, most: 2, in: 1 minute}, {provider: sendgrid, most: 1, in: 1 minute},"
        " {provider: default, channel: sms, most: 1, in: 1 minute}]"
    )
    told = "steps: [{notify: sales, template: staff/note}]"
    office = Dispatch([main], home(throttles, news=NEWS, told=told), provider=Ses())
    runs = [*office.enrol("news", people(2)), *office.enrol("told", people(1, "else.example"))]

    said = [(await office.ask([run]))[run] for run in runs]

    assert [getattr(each, "why", "sent") for each in said] == ["sent", "sent", "throttle: ses, 2 in 1 minute"]
    assert {row.throttle for row in office.read(ThrottleCount)} == {"email/provider/ses/60"}


async def test_staff_pass_the_throttle_of_the_provider_alone(found: Found) -> None:
    office = found(
        "[{provider: default, most: 2, in: 1 minute}, {sequence: told, most: 1, in: 1 minute},"
        " {recipient_domain: '*', most: 1, in: 1 minute}]",
        told="steps: [{notify: sales, template: staff/note}]",
    )
    runs = office.enrol("told", people(3))

    said = [(await office.ask([run]))[run] for run in runs]

    assert said[:2] == [Sent("accepted")] * 2
    assert getattr(said[2], "why", "") == "throttle: all mail, 2 in 1 minute"


@pytest.mark.parametrize(
    ("after_body", "error", "used"),
    [
        (False, Unavailable("greylisted", "450 4.7.1"), 0),
        (True, Unavailable("not now", "451 4.3.0"), 1),
        (False, Refused("no such user", "550 5.1.1"), 0),
        (True, Refused("no", "550 5.0.0"), 1),
    ],
)
async def test_a_slot_is_used_up_once_the_body_was_handed_over(
    found: Found, after_body: bool, error: Exception, used: int
) -> None:
    office = found("[{provider: default, most: 1, in: 1 minute}]", news=NEWS)
    [run] = office.enrol("news", people(1))
    office.taker.after_body, office.taker.says = after_body, {"*": [error]}

    await office.ask([run])

    assert sum(row.taken for row in office.read(ThrottleCount)) == used
    assert office.read(ThrottleHold) == []


async def test_a_slot_of_a_dead_worker_is_taken_over_with_its_message_or_is_free_after_the_lease(found: Found) -> None:
    office = found("[{provider: default, most: 1, in: 1 minute}]", news=NEWS)
    dead, other = office.enrol("news", people(2))
    office.taker.slow = 60
    dying = asyncio.create_task(office.ask([dead]))
    while not office.read(ThrottleHold):  # noqa: ASYNC110 - the row is all there is to see
        await asyncio.sleep(0.01)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    office.taker.slow = 0

    assert isinstance((await office.ask([other]))[other], Later)
    assert (await office.ask([dead], 1))[dead] == Sent("accepted")

    office.now += MINUTE
    assert (await office.ask([other]))[other] == Sent("accepted")


async def test_a_warm_up_raises_the_limit_day_by_day(found: Found) -> None:
    throttle = "{provider: default, most: 9, in: 1 day, warm_up: {from: 2026-03-27, start: 2, double_every: 2 days}}"
    office = found(f"[{throttle}]", news=NEWS)
    for run in office.enrol("news", people(24)):
        await office.ask([run])

    await office.live()

    days = Counter((at - NOW).days for at, _ in office.left())
    assert [days[each] for each in range(5)] == [2, 2, 4, 4, 8]


async def test_a_message_waits_at_most_until_it_expires(found: Found) -> None:
    office = found(
        "[{provider: default, most: 1, in: 3 days}]", news=NEWS.replace("t/news", "t/news, expires: 36 hours")
    )
    runs = office.enrol("news", people(2))

    await office.live()

    states = sorted((row.state, row.reason or "") for row in office.messages().values())
    assert states == [("accepted", ""), ("skipped", "expired")]
    assert office.now == NOW + timedelta(hours=36)
    assert len(runs) == 2


async def test_what_nobody_counts_any_more_is_forgotten(found: Found) -> None:
    office = found("[{provider: default, most: 5, in: 1 minute}]", news=NEWS)
    await office.ask(office.enrol("news", people(3)))

    for later, left in ((timedelta(seconds=59), 3), (MINUTE, 0)):
        await office.workers[0].write(lambda session, at=NOW + later: throttling.prune(session, at))  # type: ignore[misc]
        assert sum(row.taken for row in office.read(ThrottleCount)) == left


async def test_thousands_that_wait_are_spread_over_their_turns(found: Found) -> None:
    office = found("[{provider: default, most: 20, in: 1 second}]", news=NEWS)
    runs = office.enrol("news", people(200))

    outcomes = await office.ask(runs)

    dues = Counter(each.due for each in outcomes.values() if isinstance(each, Later) and each.due)
    assert sum(dues.values()) == 180
    assert max(dues.values()) <= 40
    assert max(dues) <= NOW + timedelta(seconds=12)
    assert all(due.microsecond == 0 for due in dues)
