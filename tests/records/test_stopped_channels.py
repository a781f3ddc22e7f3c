"""A channel that is at fault stops for all workers, burns nobody, and opens with one message that is accepted."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from channels.base import Away, ChannelError, Refused, SenderFault, Unavailable, Unknown
from domain.needs import Later, Sent
from records import channel_states
from records.channel_states import waits_for
from records.models import Suppression
from records.sending_models import ChannelState, Notice
from records.session import Database
from records.waiting_models import WaitingMessage
from tests.records.dispatch import NEWS, NOW, Dispatch, home, people

pytestmark = pytest.mark.system

QUARTER, SECOND = timedelta(minutes=15), timedelta(seconds=1)
FAULT = SenderFault("<ann@customer.example>: 5.7.23 SPF fails", "550 5.7.23")
WHY = "channel email is stopped: 550 5.7.23: <an address>: 5.7.23 SPF fails"
Found = Callable[..., Dispatch]


@pytest.fixture
def found(main: Database) -> Iterator[Found]:
    other = Database(main.url)
    yield lambda throttles="[]", **sequences: Dispatch([main, other], home(throttles, **(sequences or {"news": NEWS})))
    other.close()


def state(office: Dispatch) -> ChannelState:
    [row] = office.read(ChannelState)
    assert isinstance(row, ChannelState)
    return row


@pytest.mark.parametrize("after_body", [False, True])
async def test_our_own_fault_stops_the_channel_for_everybody_and_counts_for_nobody(
    found: Found, after_body: bool
) -> None:
    office = found()
    first, *others = office.enrol("news", people(5))
    office.taker.after_body, office.taker.says = after_body, {"*": [FAULT]}

    met = (await office.ask([first]))[first]
    told = await office.ask(others, worker=1)

    assert met == Later(NOW + QUARTER + 5 * SECOND, WHY), "behind the others, who try first"
    dues = sorted(each.due for each in told.values() if isinstance(each, Later) and each.due)
    assert dues[0] == NOW + QUARTER
    assert dues[1] > NOW + QUARTER
    assert {each.why for each in told.values() if isinstance(each, Later)} == {WHY}
    assert len(office.taker.taken) == 0
    [row] = office.messages().values()
    assert (row.state, row.attempts, row.refused_at, row.not_before) == ("claimed", 0, None, None)
    waits = office.workers[0].read_now(
        lambda session: session.exec(select(WaitingMessage).where(waits_for("email"))).all()
    )
    assert {each.enrolment_id for each in waits} == {first, *others}, "whoever resumes the channel finds all of them"
    assert office.read(Suppression) == []
    assert [(each.did, each.why) for each in office.said(others[0])] == [("deferred", [WHY])]
    [notice] = office.read(Notice)
    assert (notice.kind, notice.count, notice.cause) == ("channel stopped", 1, "channel/email/fault")


async def test_one_message_tries_and_its_acceptance_lets_the_others_follow_in_their_order(found: Found) -> None:
    office = found(news=NEWS, urgent=f"priority: 90\n{NEWS}")
    runs = office.enrol("news", people(30)) + office.enrol(
        "urgent", [f"u{each}@customer.example" for each in range(30)]
    )
    office.taker.says = {"*": [FAULT]}
    await office.ask(runs[:1])
    await office.ask(runs[1:])

    await office.live()

    assert {row.reason for row in office.messages().values()} == {None}, "what has arrived has no reason not to"
    left = office.left()
    assert len(left) == len(runs)
    assert left[0][0] == NOW + QUARTER
    assert sum(at == NOW + QUARTER for at, _ in left) <= 3, "one tries; those whose place was told as the first, too"
    assert max(Counter(at for at, _ in left).values()) <= 21, "not in a burst"
    order = [office.sequence_of[run] for _, run in left]
    assert order[:20].count("urgent") >= 12, "the first who asked did so together, before anybody important did"
    assert state(office).stopped_at is None


async def test_the_rest_grows_while_the_fault_lasts_and_nobody_else_is_tried(found: Found) -> None:
    office = found()
    runs = office.enrol("news", people(4))
    office.taker.says = {"*": [FAULT] * 6}
    await office.ask(runs[:1])

    await office.live(NOW + timedelta(hours=3))

    assert len(office.taker.says["*"]) == 2, "at 0:00, 0:15, 0:45, 1:45, not before 3:45 again"
    assert state(office).tries == 3
    until = state(office).until
    assert until is not None
    assert timedelta(0) <= until - NOW - timedelta(hours=3, minutes=45) < timedelta(minutes=1)
    assert len(office.messages()) > 1, "not always the same message tries"
    assert {row.attempts for row in office.messages().values()} == {0}

    await office.live(NOW + timedelta(days=2))

    assert len(office.taker.taken) == 4
    assert {row.attempts for row in office.messages().values()} == {1}


async def test_messages_that_meet_the_fault_at_once_make_it_rest_once(found: Found) -> None:
    office = found()
    office.taker.says, office.taker.slow = {"*": [FAULT] * 5}, 0.02

    await office.ask(office.enrol("news", people(5)))

    assert state(office).tries == 0
    assert state(office).until == NOW + QUARTER
    [notice] = office.read(Notice)
    assert notice.count == 1


@pytest.mark.parametrize(
    ("met", "answer", "opens"),
    [
        (FAULT, None, True),
        (FAULT, FAULT, False),
        (FAULT, Away("nobody"), False),
        (FAULT, Refused("no such user", "550 5.1.1"), False),
        (FAULT, Unavailable("greylisted", "450 4.7.1"), False),
        (Away("nobody"), None, True),
        (Away("nobody"), Away("nobody"), False),
        (Away("nobody"), FAULT, False),
        (Away("nobody"), Refused("no such user", "550 5.1.1"), True),
        (Away("nobody"), Unavailable("greylisted", "450 4.7.1"), True),
    ],
    ids=str,
)
async def test_what_the_one_that_tries_meets_decides(
    found: Found, met: ChannelError, answer: ChannelError | None, opens: bool
) -> None:
    office = found()
    first, probe = office.enrol("news", people(2))
    office.taker.says = {"*": [met]}
    await office.ask([first])
    office.now = state(office).until or NOW
    office.taker.says = {"*": [answer] if answer is not None else []}

    await office.ask([probe])

    assert (state(office).stopped_at is None) is opens


async def test_one_whose_fate_is_unknown_opens_nothing(found: Found) -> None:
    office = found()
    first, probe = office.enrol("news", people(2))
    office.taker.says = {"*": [Away("nobody")]}
    await office.ask([first])
    office.now, office.taker.after_body = state(office).until or NOW, True
    office.taker.says = {"*": [Unknown("lost")]}

    assert (await office.ask([probe]))[probe] == Sent("unknown")

    assert (state(office).stopped_at, state(office).tries) == (NOW, 1)


async def test_while_one_tries_the_others_wait(found: Found) -> None:
    office = found()
    first, probe, other = office.enrol("news", people(3))
    office.taker.says = {"*": [FAULT]}
    await office.ask([first])
    office.now = state(office).until or NOW

    def tries(session: Any) -> None:
        row = channel_states.stopped(session, "email", hold=True)
        assert row is not None
        channel_states.probes(session, row, office.messages_id(probe), office.now, timedelta(minutes=6))

    await office.workers[0].write(tries)

    waits = (await office.ask([other]))[other]
    assert isinstance(waits, Later)
    assert waits.due is not None
    assert 5 * SECOND <= waits.due - office.now <= 10 * SECOND
    assert (await office.ask([probe]))[probe] == Sent("accepted")


async def test_what_a_person_stopped_goes_on_when_they_say_so_and_expires_meanwhile(found: Found) -> None:
    office = found(news=NEWS, brief=NEWS.replace("t/news", "t/news, expires: 1 hour"))
    [long], [brief] = office.enrol("news", people(1)), office.enrol("brief", ["b@customer.example"])
    stopping = lambda session: channel_states.stop(session, "email", "person", "new IP", office.now, by="ops")  # noqa: E731
    await office.workers[0].write(stopping)

    await office.ask([long, brief])
    office.now += timedelta(days=1)
    await office.ask([long, brief])
    await office.workers[0].write(lambda session: channel_states.try_again(session, "email", office.now, "ops"))
    office.due[brief] = None
    assert await office.ask([long]) == {long: Sent("accepted")}

    assert office.messages()[brief].reason == "expired"
    assert office.said(long)[0].why == ["channel email is stopped: new IP"]
    assert state(office).stopped_at is None


async def test_messages_to_staff_have_a_channel_of_their_own(found: Found) -> None:
    office = found(news=NEWS, told="steps: [{notify: sales, template: staff/note}]")
    office.taker.says = {"*": [FAULT]}
    await office.ask(office.enrol("news", people(1)))

    assert list((await office.ask(office.enrol("told", ["t@customer.example"]))).values()) == [Sent("accepted")]


async def test_a_message_to_staff_that_waited_too_long_is_let_go_and_the_operator_is_told(found: Found) -> None:
    office = found(told="steps: [{notify: sales, template: staff/note}]")
    [run] = office.enrol("told", ["t@customer.example"])
    stopping = lambda session: channel_states.stop(session, "staff", "person", "new IP", office.now, by="ops")  # noqa: E731
    await office.workers[0].write(stopping)

    assert await office.ask([run]) == {run: Later(NOW + timedelta(days=1), "channel staff is stopped: new IP")}
    office.now += timedelta(days=1) - SECOND
    assert isinstance((await office.ask([run]))[run], Later)
    office.now += SECOND
    assert await office.ask([run]) == {run: Sent("skipped", "expired")}

    assert office.taker.taken == []
    assert office.messages()[run].reason == "expired"
    expired = "expired at 2026-03-28 09:00 UTC, waiting for: channel staff is stopped: new IP"
    assert office.said(run)[-1].why == [expired]
    [notice] = [each for each in office.read(Notice) if each.kind == "team not told"]
    assert notice.what.startswith("a message to team 'sales' waited until it was of no use any more (channel staff is")
