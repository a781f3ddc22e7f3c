"""Endpoints that want no more, or have failed for days: they are told nothing, until somebody says so."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from records import channel_states
from records.sending_models import EndpointState, Notice
from tests.records.dispatch import NOW
from tests.records.told import EXPIRES, Office, files, opened
from tests.scripted_http import FINE, ScriptedHttp, answer

pytestmark = pytest.mark.system


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path) as made:
        yield made


# --- endpoints that want no more -------------------------------------------------------------------------------------


async def test_a_410_disables_the_endpoint_and_tells_the_operator(office: Office) -> None:
    office.says([answer(b"", 410)])

    run = await office.send()
    other = await office.send(who="ben@acme.example")

    state = office.state()
    assert state is not None
    assert (state.kind, state.until, state.reason) == ("disabled", None, "410: the endpoint wants to be told no more")
    [notice] = office.dispatch.read(Notice)
    assert (notice.cause, notice.kind) == ("channel/webhook/crm/disabled", "endpoint disabled")
    assert "rapport webhook enable crm" in notice.what
    assert [office.row(run).attempts, len(office.system.heard)] == [0, 1]
    assert office.dispatch.due[run] == office.dispatch.due[other] == EXPIRES


async def test_what_waits_for_a_disabled_endpoint_expires(office: Office) -> None:
    office.says([answer(b"", 410)])
    run = await office.send()

    await office.dispatch.live()

    assert (office.row(run).state, office.row(run).reason) == ("skipped", "expired")
    assert len(office.system.heard) == 1


async def test_an_endpoint_that_is_enabled_is_told_what_waited(office: Office) -> None:
    office.says([answer(b"", 410)])
    runs = [await office.send(who=f"p{number}@acme.example") for number in range(3)]
    office.dispatch.now += timedelta(hours=1)

    office.enable()
    await office.dispatch.live()

    assert [office.row(run).state for run in runs] == ["accepted"] * 3
    assert office.state() is None


async def test_the_other_endpoints_go_on(office: Office) -> None:
    shop = await office.stack.enter_async_context(ScriptedHttp.saying([]))
    office.dispatch.publish(files(office.system.address, second=shop.address))
    office.says([answer(b"", 410)])

    await office.send()
    order = await office.send("order")

    assert office.row(order).state == "accepted"
    assert len(shop.heard) == 1


async def test_a_person_stops_all_of_them_and_lets_them_go_on(office: Office) -> None:
    at = office.dispatch.now
    office.database.write_now(lambda session: channel_states.stop(session, "webhook", "person", "moving house", at))

    run = await office.send()
    assert office.system.heard == []
    office.dispatch.now = at + timedelta(hours=1)
    office.database.write_now(lambda session: channel_states.try_again(session, "webhook", office.dispatch.now, "Ben"))
    office.dispatch.due[run] = office.dispatch.now
    await office.dispatch.live()

    assert office.row(run).state == "accepted"
    assert office.database.read_now(lambda session: channel_states.all_stopped(session)) == []


async def test_an_endpoint_that_fails_for_five_days_is_given_up(office: Office) -> None:
    office.system.otherwise = lambda heard: answer(b"", 500)

    for day in range(7):
        if office.state() is None:
            await office.send(who=f"p{day}@acme.example")
        before = office.dispatch.now
        await office.dispatch.live(until=before + timedelta(days=1))

    state = office.state()
    assert state is not None
    assert (state.kind, state.stopped_at and state.stopped_at >= NOW + timedelta(days=5)) == ("disabled", True)
    assert "and no success; the last: 500: answered not now" in state.reason
    assert [each.kind for each in office.dispatch.read(Notice)] == ["endpoint disabled"]


async def test_one_success_in_between_keeps_it(office: Office) -> None:
    answers = [answer(b"", 500)] * 60
    answers[20] = FINE
    office.says(answers)

    for number in range(4):
        await office.send(who=f"p{number}@acme.example")
        await office.dispatch.live(until=office.dispatch.now + timedelta(hours=20))

    [known] = office.dispatch.read(EndpointState)
    assert office.state() is None
    assert known.succeeded_at is not None
    assert known.failing_since is None or known.failing_since > known.succeeded_at
