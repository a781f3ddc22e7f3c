"""Webhooks through a real HTTP server: what each thing that can go wrong leaves in the ledger, and when it is tried
again."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import Session, col, select

from channels.endpoints import Endpoints
from channels.outbox import Outbox
from channels.webhooks import Line
from domain.webhooks import verified
from records.contacts import suppress
from records.models import Contact
from records.sending_models import OutboxMessage
from settings import Settings
from tests.records.dispatch import NOW
from tests.records.told import EXPIRES, OTHER, SECRET, Office, files, opened
from tests.scripted_http import DROP, FINE, HANG, ScriptedHttp, answer
from worker import webhooks

pytestmark = pytest.mark.system


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path) as made:
        yield made


async def test_a_system_is_told_signed_under_the_id_of_the_ledger(office: Office) -> None:
    run = await office.send()

    [heard], row = office.system.heard, office.row(run)
    assert heard.said == {
        "id": row.id,
        "type": "lead.created",
        "timestamp": "2026-03-27T09:00:00Z",
        "contact": row.contact_id,
        "data": {"name": "Ann", "score": 12},
    }
    assert heard.headers["webhook-id"] == row.id
    assert heard.headers["content-type"] == "application/json"
    assert "transfer-encoding" not in heard.headers
    assert verified(heard.headers, heard.body, [SECRET], datetime.now(UTC))
    assert (row.state, row.reply, row.channel, row.recipient) == ("accepted", "200", "webhook", "crm")


async def test_each_endpoint_has_its_own_secret(office: Office) -> None:
    await office.through(crm=[OTHER])

    await office.send()

    [heard] = office.system.heard
    assert verified(heard.headers, heard.body, [OTHER], datetime.now(UTC))
    assert not verified(heard.headers, heard.body, [SECRET], datetime.now(UTC))


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (answer(b"OK", 200), "accepted"),
        (answer(b"", 202), "accepted"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "accepted"),
        (answer(b"x" * 70_000, 200), "accepted"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "accepted"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" + FINE, "accepted"),
        (answer(b"", 301, location="http://127.0.0.1:1/"), "claimed"),
        (answer(b"", 307, location="http://127.0.0.1:1/"), "claimed"),
        (answer(b"", 400), "claimed"),
        (answer(b"", 401), "claimed"),
        (answer(b"", 404), "claimed"),
        (answer(b"", 408), "claimed"),
        (answer(b"", 410), "claimed"),
        (answer(b"", 422), "claimed"),
        (answer(b"", 429), "claimed"),
        (answer(b"", 500), "claimed"),
        (answer(b"", 503), "claimed"),
        (answer(b"", 599), "claimed"),
        (DROP, "unknown"),
        (HANG, "unknown"),
        (b"220 mail.example ESMTP\r\n", "unknown"),
        (b"HTTP/1.1 200 OK\r\ncontent-le", "unknown"),
    ],
)
async def test_every_answer_has_its_state(office: Office, said: bytes, state: str) -> None:
    await office.through(within=0.5)
    office.says([said])

    run = await office.send()

    row = office.row(run)
    was = "unknown" if row.unknown_at is not None else row.state  # it is told again under the same id
    assert (was, row.handing_over_at is not None) == (state, True)
    assert len(office.system.heard) == 1, "nothing is followed, and nothing repeated at once"


@pytest.mark.parametrize("said", [answer(b"", 500), answer(b"", 404), DROP])
async def test_what_was_not_taken_is_told_again_over_days_under_the_same_id(office: Office, said: bytes) -> None:
    office.says([said] * 9 + [FINE])

    run = await office.send()
    await office.dispatch.live()

    at = [at for at, _, _ in office.dispatch.asked]
    rests = [(later - before).total_seconds() for before, later in pairwise(at)]
    planned = [5, 60, 300, 1800, 7200, 18_000, 36_000, 43_200, 43_200]
    assert len(rests) == len(planned)
    assert all(wanted <= rest <= 1.2 * wanted + 1 for wanted, rest in zip(planned, rests, strict=True)), rests
    assert office.row(run).state == "accepted"
    assert len({each.headers["webhook-id"] for each in office.system.heard}) == 1
    assert len({each.body for each in office.system.heard}) == 1


async def test_messages_that_fail_together_come_back_apart(office: Office) -> None:
    office.system.otherwise = lambda heard: answer(b"", 500)
    people = [f"p{number}@acme.example" for number in range(10)]
    runs = office.dispatch.enrol("lead", people)
    for _ in range(3):
        await office.dispatch.ask(runs)
        office.dispatch.now = max(due for due in office.dispatch.due.values() if due is not None)

    assert len({office.row(run).not_before for run in runs}) > 5


async def test_marketing_whose_fate_nobody_knows_is_told_again_as_well(office: Office) -> None:
    office.says([DROP, FINE])

    run = await office.send("gift")
    assert office.row(run).unknown_at is not None
    await office.dispatch.live()

    assert office.row(run).state == "accepted"
    assert len({each.headers["webhook-id"] for each in office.system.heard}) == 1


@pytest.mark.parametrize("spelled", ["seconds", "date"])
async def test_patience_that_is_asked_for_is_given(office: Office, spelled: str) -> None:
    wanted = timedelta(hours=30)
    words = str(int(wanted.total_seconds())) if spelled == "seconds" else format_datetime(datetime.now(UTC) + wanted)
    office.says([answer(b"", 503, retry_after=words), FINE])

    run = await office.send()

    due = office.row(run).not_before
    assert due is not None
    assert wanted - timedelta(seconds=5) <= due - NOW <= wanted + timedelta(seconds=1)
    await office.dispatch.live()
    assert office.row(run).state == "accepted"


async def test_nobody_waits_longer_than_the_message_is_of_use(office: Office) -> None:
    office.says([answer(b"", 503, retry_after=str(20 * 86_400))])

    run = await office.send()
    assert office.dispatch.due[run] == EXPIRES
    await office.dispatch.live()

    row = office.row(run)
    assert (row.state, row.reason) == ("skipped", "expired")
    assert office.dispatch.now == EXPIRES
    assert len(office.system.heard) == 1


async def test_an_endpoint_that_fails_to_the_end_is_let_be_after_three_days(office: Office) -> None:
    office.system.otherwise = lambda heard: answer(b"", 500)

    run = await office.send()
    await office.dispatch.live()

    assert (office.row(run).state, office.dispatch.now) == ("skipped", EXPIRES)
    assert 9 <= len(office.system.heard) <= 13
    assert "500: answered not now" in " ".join(why for row in office.dispatch.said(run) for why in row.why)


# --- who is not there ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:{port}/", "https://nowhere.invalid/"])
async def test_before_the_body_nothing_was_handed_over_and_the_endpoint_rests(office: Office, url: str) -> None:
    office.dispatch.publish(files(url.format(port=office.system.port)))
    await office.through(within=0.5)

    run = await office.send()

    row, state = office.row(run), office.state()
    assert (row.state, row.handing_over_at, row.attempts) == ("claimed", None, 0)
    assert state is not None
    assert state.kind == "away"
    assert office.system.heard == []


async def test_our_own_network_is_closed_to_it(office: Office) -> None:
    await office.through(private=False)

    run = await office.send()

    state = office.state()
    assert office.row(run).state == "claimed"
    assert state is not None
    assert (state.kind, "RAPPORT_CALL_PRIVATE" in state.reason) == ("fault", True)
    assert office.system.heard == []


async def test_without_a_secret_nothing_leaves(office: Office) -> None:
    line = await office.stack.enter_async_context(Line(private=True))
    office.dispatch.channels = {"webhook": Endpoints(line, {}, [])}

    run = await office.send()

    state = office.state()
    assert office.row(run).state == "claimed"
    assert state is not None
    assert "RAPPORT_WEBHOOK_SECRETS" in state.reason
    assert office.system.heard == []


# --- who may be told -------------------------------------------------------------------------------------------------


async def test_a_system_is_told_of_those_who_want_no_mail(office: Office) -> None:
    [run] = office.dispatch.enrol("lead", ["ann@acme.example"])

    def writes(session: Session) -> None:
        ann = session.exec(select(Contact).where(col(Contact.email) == "ann@acme.example")).one()
        suppress(session, "contact", ann.id, "unsubscribed", NOW)

    office.database.write_now(writes)
    await office.dispatch.ask([run])

    assert office.row(run).state == "accepted"


async def test_nobody_is_told_of_those_whose_data_a_law_keeps(office: Office) -> None:
    [run] = office.dispatch.enrol("lead", ["ann@acme.example"])

    def writes(session: Session) -> None:
        ann = session.exec(select(Contact).where(col(Contact.email) == "ann@acme.example")).one()
        suppress(session, "contact", ann.id, "legal", NOW)

    office.database.write_now(writes)
    await office.dispatch.ask([run])

    assert (office.row(run).state, office.row(run).reason) == ("skipped", "suppressed: legal")
    assert office.system.heard == []


async def test_the_holdout_holds_what_advertises_and_nothing_else(office: Office) -> None:
    office.dispatch.publish(files(office.system.address, "holdout: {share: 99%}"))
    people = [f"p{number}@acme.example" for number in range(8)]
    runs = [*office.dispatch.enrol("gift", people), *office.dispatch.enrol("lead", people)]

    await office.dispatch.ask(runs)

    assert "holdout" in [office.row(run).reason for run in runs[:8]]
    assert [office.row(run).state for run in runs[8:]] == ["accepted"] * 8


async def test_what_protects_people_from_messages_is_not_asked(office: Office) -> None:
    run = await office.send()

    [row] = office.dispatch.said(run)
    asked = [name for name, _ in row.more["asked"]]
    assert asked == ["expired", "suppression", "holdout", "pause", "window", "throttle"]


async def test_a_throttle_counts_each_endpoint_for_itself(office: Office) -> None:
    shop = await office.stack.enter_async_context(ScriptedHttp.saying([]))
    given = files(office.system.address, second=shop.address)
    throttles = "throttles: [{channel: webhook, provider: crm, most: 1, in: 1 minute}]"
    given["policies/messaging.yaml"] = given["policies/messaging.yaml"].replace("throttles: []", throttles)
    office.dispatch.publish(given)
    leads = office.dispatch.enrol("lead", ["ann@acme.example", "ben@acme.example"])
    orders = office.dispatch.enrol("order", ["ann@acme.example", "ben@acme.example"])

    await office.dispatch.ask([*leads, *orders])

    assert sorted(row.state for row in office.dispatch.messages().values()) == ["accepted"] * 3
    assert (len(office.system.heard), len(shop.heard)) == (1, 2)


# --- until live ------------------------------------------------------------------------------------------------------


async def test_until_live_nothing_reaches_the_system_and_everything_is_kept(office: Office) -> None:
    settings = Settings(webhook_secrets={"crm": [SECRET]}, call_private=True)
    line = await office.stack.enter_async_context(Line(private=True))
    channel = webhooks(settings, line, office.database)
    office.dispatch.channels = {"webhook": channel}

    run = await office.send()

    row, [kept] = office.row(run), office.dispatch.read(OutboxMessage)
    assert isinstance(channel, Outbox)
    assert (row.state, row.reply) == ("accepted", "kept in the outbox; RAPPORT_LIVE is off")
    assert (kept.id, kept.channel, kept.sender, kept.recipient) == (row.id, "webhook", "Acme", "crm")
    assert json.loads(kept.body)["data"] == {"name": "Ann", "score": 12}
    assert office.system.heard == []


async def test_live_it_goes_to_the_system(office: Office) -> None:
    settings = Settings(live=True, smtp_host="mail.acme.example", call_secrets=(SecretStr(SECRET),))
    line = await office.stack.enter_async_context(Line(private=True))
    office.dispatch.channels = {"webhook": webhooks(settings, line, office.database)}

    run = await office.send()

    assert office.row(run).state == "accepted"
    assert verified(office.system.heard[0].headers, office.system.heard[0].body, [SECRET], datetime.now(UTC))
    assert office.dispatch.read(OutboxMessage) == []
