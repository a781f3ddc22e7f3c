"""A message whose fate nobody knows keeps telling so, whatever comes of sending it again."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from channels.base import Refused, Unavailable, Unknown
from domain.needs import Later, Sent
from records.models import Enrolment
from records.published import Published
from records.runs import end
from records.session import Database
from tests.records.dispatch import NOW, Dispatch, home

pytestmark = pytest.mark.system

RECEIPT = "steps: [{send: t/receipt, expires: 1 hour}]"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
Found = Callable[[], Dispatch]


@pytest.fixture
def office(main: Database) -> Dispatch:
    return Dispatch([main], home(receipt=RECEIPT))


async def lost(office: Dispatch) -> str:
    """Let a receipt be lost behind its body; return its run."""
    [run] = office.enrol("receipt", ["ann@customer.example"])
    office.taker.after_body, office.taker.says = True, {"*": [Unknown("hung up")]}
    assert isinstance((await office.ask([run]))[run], Later), "it is to be sent again"
    return run


async def test_what_is_not_sent_again_in_time_may_have_arrived_all_the_same(office: Dispatch) -> None:
    run = await lost(office)
    office.now += HOUR

    assert await office.ask([run]) == {run: Sent("unknown")}
    row = office.messages()[run]
    assert (row.state, row.reason, row.skipped_at) == ("unknown", "not sent again: expired", None)
    assert [each.did for each in office.said(run)] == ["unknown"]


async def test_the_end_of_a_run_does_not_say_of_what_left_that_it_did_not(office: Dispatch) -> None:
    run = await lost(office)

    def stop(session: object) -> None:
        row = session.get(Enrolment, run)  # type: ignore[attr-defined]
        end(session, Published().program(session, row.version), row, "goal", office.now, [])  # type: ignore[arg-type]

    office.workers[0].write_now(stop)

    row = office.messages()[run]
    assert (row.state, row.reason, row.skipped_at) == ("unknown", "not sent again: the run ended: goal", None)


async def test_what_the_server_put_off_before_leaves_as_many_repeats(office: Dispatch) -> None:
    [run] = office.enrol("receipt", ["ann@customer.example"])
    office.taker.after_body = True
    office.taker.says = {"*": [*[Unavailable("greylisted", "450 4.7.1")] * 4, Unknown("hung up")]}

    await office.live()

    row = office.messages()[run]
    assert (row.state, row.repeats, row.attempts) == ("accepted", 1, 6)


async def test_what_must_arrive_is_repeated_but_not_for_ever(office: Dispatch) -> None:
    [run] = office.enrol("receipt", ["ann@customer.example"])
    office.taker.after_body, office.taker.says = True, {"*": [Unknown("hung up") for _ in range(9)]}

    await office.live()

    assert (office.messages()[run].state, office.messages()[run].attempts) == ("unknown", 5)
    assert [each.did for each in office.said(run)] == ["unknown"]


async def test_what_the_server_put_off_beyond_its_use_expires_in_time(office: Dispatch) -> None:
    [run] = office.enrol("receipt", ["ann@customer.example"])
    office.taker.says = {"*": [Unavailable("busy", "451 4.3.2", retry_after=DAY)]}

    first = await office.ask([run])
    early = await office.ask([run])
    office.now = NOW + HOUR
    last = await office.ask([run])

    patience = Later(NOW + HOUR, "the mail server asked for patience")
    assert (first, early, last) == ({run: patience}, {run: patience}, {run: Sent("skipped", "expired")})
    assert office.said(run)[-1].why == [
        "expired at 2026-03-27 10:00 UTC, waiting for: the mail server asked for patience"
    ]


async def test_a_refusal_of_the_repeat_is_told(office: Dispatch) -> None:
    run = await lost(office)
    office.taker.says = {"*": [Refused("no such user", "550 5.1.1", suppress=True)]}
    office.now += MINUTE

    assert await office.ask([run]) == {run: Sent("refused")}
