"""A message whose fate nobody knows keeps telling so, whatever comes of sending it again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import Session, col, update

from channels.base import Accepted, BeforeBody, Envelope, Refused, Unavailable, Unknown
from domain.needs import Later, Left, Sent
from records.models import Contact, Enrolment
from records.published import Published
from records.runs import end
from records.session import Database
from tests.records.dispatch import NOW, Dispatch, home

pytestmark = pytest.mark.system

RECEIPT = "steps: [{send: t/receipt, expires: 1 hour}]"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def office(main: Database) -> Dispatch:
    return Dispatch([main], home(receipt=RECEIPT))


async def lost(office: Dispatch) -> str:
    """Let a receipt be lost behind its body; return its run."""
    [run] = office.enrol("receipt", ["ann@customer.example"])
    office.taker.after_body, office.taker.says = True, {"*": [Unknown("hung up")]}
    assert isinstance((await office.ask([run]))[run], Later), "it is to be sent again"
    return run


def stop(office: Dispatch, run: str) -> None:
    """End a run, as intake does."""

    def write(session: Session) -> None:
        row = session.get(Enrolment, run)
        assert row is not None
        end(session, Published().program(session, row.version), row, "goal", office.now, [])

    office.workers[0].write_now(write)


@dataclass
class Taker:
    """A mail server that takes letters, after something happened before or behind the body; or hangs up."""

    before: Callable[[], object] | None = None
    behind: Callable[[], object] | None = None
    hangs_up: bool = False
    to: list[str] = field(default_factory=list)

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        happens, self.before = self.before, None
        if happens is not None:
            await asyncio.to_thread(happens)
        await before_body()
        if self.behind is not None:
            await asyncio.to_thread(self.behind)
        if self.hangs_up:
            raise Unknown("hung up")
        self.to.append(letter.recipient)
        return Accepted("250 2.0.0 Ok")


async def test_what_is_lost_while_its_run_ends_is_nobodys_to_repeat(main: Database) -> None:
    taker = Taker(hangs_up=True)
    office = Dispatch([main], home(receipt=RECEIPT), {"email": taker})
    [run] = office.enrol("receipt", ["ann@customer.example"])
    taker.behind = partial(stop, office, run)

    assert await office.ask([run]) == {run: Left("goal")}
    row = office.messages()[run]
    assert (row.state, row.reason) == ("unknown", "not sent again: the run ended: goal")


async def test_an_address_that_changes_on_the_way_is_written_to_anew_and_the_log_says_so(main: Database) -> None:
    taker = Taker()
    office = Dispatch([main], home(receipt=RECEIPT), {"email": taker})
    [run] = office.enrol("receipt", ["ann@customer.example"])
    moved = update(Contact).values(email="ann@elsewhere.example").where(col(Contact.email).is_not(None))
    taker.before = partial(main.write_now, lambda session: session.exec(moved))

    first = await office.ask([run])
    office.now += MINUTE

    assert first == {run: Later(NOW + MINUTE / 2, "the address has changed")}
    assert await office.ask([run]) == {run: Sent("accepted")}
    assert taker.to == ["ann@elsewhere.example"]
    told = [(each.did, each.why) for each in office.said(run)]
    assert told == [("deferred", ["the address has changed"]), ("sent", [])]
    assert [row.recipient for row in office.messages().values()] == ["ann@elsewhere.example"]


async def test_what_is_not_sent_again_in_time_may_have_arrived_all_the_same(office: Dispatch) -> None:
    run = await lost(office)
    office.now += HOUR

    assert await office.ask([run]) == {run: Sent("unknown")}
    row = office.messages()[run]
    assert (row.state, row.reason, row.skipped_at) == ("unknown", "not sent again: expired", None)
    told = [(each.did, each.why) for each in office.said(run)]
    assert told[0] == ("deferred", ["nobody knows whether it arrived: hung up"])
    assert told[1:] == [("unknown", ["not sent again: expired"])]


async def test_the_end_of_a_run_does_not_say_of_what_left_that_it_did_not(office: Dispatch) -> None:
    run = await lost(office)

    stop(office, run)

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
    assert [(each.did, each.more.get("times", 1)) for each in office.said(run)] == [
        ("deferred", 1),
        ("deferred", 4),
        ("unknown", 1),
    ]


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
