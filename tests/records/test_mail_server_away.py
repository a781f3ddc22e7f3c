"""The mail server is away for a while: nobody is lost, and what waited goes in its order, through the throttle."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from channels.smtp import Relay, SmtpPool
from records.sending_models import ChannelState
from records.session import Database
from tests.databases import lay_down
from tests.records.dispatch import NEWS, NOW, Dispatch, home, most_in, people
from tests.scripted_smtp import At, ScriptedSmtp

pytestmark = pytest.mark.system

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
EACH = 60
BUSY = At("greeting", "421 4.3.2 too busy")


@pytest.fixture
async def office(tmp_path: object) -> AsyncIterator[Dispatch]:
    """Two workers, each with a pool of its own to a server that is not there yet."""
    url = f"sqlite:///{tmp_path}/records.db"
    lay_down("main", url)
    async with AsyncExitStack() as stack:
        async with ScriptedSmtp() as server:
            port = server.port
        relay = Relay(host="127.0.0.1", port=port, tls="none", local_hostname="acme.example", size=5)
        pool = await stack.enter_async_context(SmtpPool(relay))
        workers = [await stack.enter_async_context(Database(url)) for _ in range(2)]
        files = home(
            "[{provider: default, most: 40, in: 1 second}]",
            news=NEWS,
            urgent=f"priority: 90\n{NEWS}",
            brief=NEWS.replace("t/news", "t/news, expires: 1 minute"),
        )
        dispatch = Dispatch(workers, files, {"email": pool, "staff": pool})
        dispatch.port = port
        yield dispatch


async def test_an_outage_loses_nobody_and_ends_in_order_of_priority_through_the_throttle(office: Dispatch) -> None:
    office.enrol("news", people(EACH))
    office.enrol("urgent", [f"u{each}@customer.example" for each in range(EACH)])
    brief = office.enrol("brief", [f"b{each}@customer.example" for each in range(3)])

    await office.live(NOW + 3 * MINUTE)

    [state] = office.read(ChannelState)
    assert (state.kind, state.stopped_at) == ("away", NOW)
    assert 4 <= state.tries <= 6, "it rests longer and longer: 5 s, 10 s, 20 s … 5 minutes"
    waiting = [row for row in office.messages().values() if row.state == "claimed"]
    assert {row.attempts for row in waiting} == {0}
    assert {office.messages()[run].reason for run in brief} == {"expired"}

    async with ScriptedSmtp([], port=office.port) as server:
        await office.live()

        assert len(server.accepted) == 2 * EACH
        assert len({each.recipient for each in server.accepted}) == 2 * EACH
        first = [each.recipient for each in server.accepted][:EACH]
        assert server.opened <= 20, "connections are kept"
    assert sum(name.startswith("u") for name in first) >= EACH - 20, "within a second the server sees them as they come"
    left = [at for at, _ in office.left()]
    assert most_in(left, SECOND) <= 40
    assert left[-1] - left[0] <= 40 * SECOND
    sent = [row for row in office.messages().values() if row.state == "accepted"]
    assert {row.attempts for row in sent} == {1}
    [state] = office.read(ChannelState)
    assert state.stopped_at is None


async def test_a_server_that_takes_nobody_now_is_away_and_is_not_asked_by_each_message(office: Dispatch) -> None:
    async with ScriptedSmtp(connections=[BUSY] * 12, port=office.port) as server:
        runs = office.enrol("news", people(30))

        await office.live()

        assert len(server.accepted) == 30
        busy = [each for each in office.asked if each[0] == NOW]
        assert len(busy) == 30
        assert server.opened <= 12 + 10
    assert {office.messages()[run].attempts for run in runs} == {1}
