"""Text messages through a real HTTP server: what each thing that can go wrong leaves behind in the ledger."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import Session, col, select

from channels.base import Envelope
from channels.outbox import Outbox
from channels.sms import SmsGateway
from channels.webhooks import Line
from domain.keys import ledger_id
from domain.webhooks import verified
from records import outbox
from records.models import Contact, Suppression
from records.sending_models import ChannelState, Notice, OutboxMessage
from records.session import Database
from records.texting import last_text_to
from settings import Settings
from tests.databases import lay_down
from tests.records.dispatch import NOW, Dispatch, home
from tests.scripted_http import DROP, HANG, ScriptedHttp, answer
from worker import texts

pytestmark = pytest.mark.system

SECRET, NUMBER = "whsec_" + "A" * 24, "+491715550123"
FINE = answer({"id": "SM1"}, 202)
STEP = "steps: [{send: t/ready, channel: sms, window: none}]"


def files() -> dict[str, str]:
    both = STEP.replace("ready", "offer").replace("]", ", {send: t/news}]")  # one that is entered by a yes to mail
    found = home(service=STEP, news=f"topic: news\n{both}")
    policies = found["policies/messaging.yaml"].replace('acme.example>"', 'acme.example>", sms: Acme', 1)
    return found | {
        "policies/messaging.yaml": policies,
        "templates/sms/t/ready.txt": "---\nclass: service\n---\nIt is ready.",
        "templates/sms/t/offer.txt": "20 % off. Reply STOP to opt out",
    }


class Texts:
    """An office with one worker whose texts go to a provider of our own."""

    def __init__(self, dispatch: Dispatch, provider: ScriptedHttp, stack: AsyncExitStack) -> None:
        self.dispatch, self.provider, self.stack = dispatch, provider, stack

    async def send(self, sequence: str = "service") -> str:
        """Let Ann enter, and ask once; return the run."""
        [run] = self.dispatch.enrol(sequence, ["ann@acme.example"])
        self.dispatch.workers[0].write_now(self._has_a_phone)
        await self.dispatch.ask([run])
        return run

    def _has_a_phone(self, session: Session) -> None:
        ann = session.exec(select(Contact).where(col(Contact.email) == "ann@acme.example")).one()
        ann.phone, ann.country = "0171 5550123", "DE"
        session.add(ann)

    async def through(self, url: str, within: float = 5.0) -> None:
        line = await self.stack.enter_async_context(Line(private=True))
        gateway = SmsGateway(line, url, [SECRET], lambda: datetime.now(UTC), within)
        self.dispatch.channels = {"sms": gateway}


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Texts]:
    url = f"sqlite:///{tmp_path}/records.db"
    lay_down("main", url)
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(ScriptedHttp.saying([]))
        worker = await stack.enter_async_context(Database(url))
        made = Texts(Dispatch([worker], files()), provider, stack)
        await made.through(provider.address)
        yield made


async def test_a_text_arrives_signed_under_the_id_of_the_ledger(office: Texts) -> None:
    office.provider.answers.append(FINE)

    run = await office.send()

    [heard] = office.provider.heard
    row = office.dispatch.messages()[run]
    assert heard.said == {"id": row.id, "to": NUMBER, "from": "Acme", "text": "News"}
    assert heard.headers["webhook-id"] == row.id
    assert "transfer-encoding" not in heard.headers
    assert verified(heard.headers, heard.body, [SECRET], datetime.now(UTC))
    assert (row.state, row.provider_id, row.channel, row.recipient) == ("accepted", "SM1", "sms", NUMBER)
    assert office.dispatch.workers[0].read_now(lambda session: last_text_to(session, NUMBER)) is not None


@pytest.mark.parametrize(
    ("said", "state", "handed_over"),
    [
        (answer(b"OK", 200), "accepted", True),
        (answer(b"x" * 70_000, 200), "accepted", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "accepted", True),
        (answer({"code": "blocked"}, 422), "refused", True),
        (answer(b"", 400), "refused", True),
        (answer(b"", 429, retry_after="90"), "claimed", True),
        (answer(b"", 500), "claimed", True),
        (answer(b"", 503), "claimed", True),
        (answer(b"", 401), "claimed", True),
        (answer(b"", 404), "claimed", True),
        (answer(b"", 410), "claimed", True),
        (answer(b"", 307, location="http://127.0.0.1:1/"), "claimed", True),
        (DROP, "unknown", True),
        (HANG, "unknown", True),
        (b"220 mail.example ESMTP\r\n", "unknown", True),
    ],
)
async def test_every_answer_has_its_state(office: Texts, said: bytes, state: str, handed_over: bool) -> None:
    await office.through(office.provider.address, within=0.5)
    office.provider.answers.append(said)

    run = await office.send()

    row = office.dispatch.messages()[run]
    was = "unknown" if row.unknown_at is not None else row.state  # service is sent again under the same id
    assert (was, row.handing_over_at is not None) == (state, handed_over)
    assert len(office.provider.heard) == 1, "nothing is followed, and nothing repeated at once"


async def test_a_bad_number_is_suppressed_on_this_channel(office: Texts) -> None:
    office.provider.answers.append(answer({"code": "landline"}, 422))

    run = await office.send()

    assert office.dispatch.messages()[run].state == "refused"
    [row] = office.dispatch.read(Suppression)
    assert (row.kind, row.value, row.reason) == ("address", NUMBER, "hard_bounce")


async def test_patience_that_is_asked_for_is_given(office: Texts) -> None:
    office.provider.answers.extend([answer(b"", 429, retry_after="90"), FINE])

    run = await office.send()
    row = office.dispatch.messages()[run]
    assert row.not_before == NOW + timedelta(seconds=90)
    await office.dispatch.live()

    assert office.dispatch.messages()[run].state == "accepted"
    assert office.dispatch.now == NOW + timedelta(seconds=90)
    assert len({each.headers["webhook-id"] for each in office.provider.heard}) == 1


async def test_our_own_fault_stops_the_channel_and_burns_nobody(office: Texts) -> None:
    office.provider.answers.append(answer(b"", 401))

    run = await office.send()

    [state] = office.dispatch.read(ChannelState)
    assert (state.channel, state.kind) == ("sms", "fault")
    assert office.dispatch.messages()[run].attempts == 0
    assert [each.kind for each in office.dispatch.read(Notice)] != []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:{port}/", "http://nowhere.invalid/"])
async def test_before_the_body_nothing_was_handed_over(office: Texts, url: str) -> None:
    await office.through(url.format(port=office.provider.port), within=0.5)

    run = await office.send()

    row, [state] = office.dispatch.messages()[run], office.dispatch.read(ChannelState)
    assert (row.state, row.handing_over_at, row.attempts) == ("claimed", None, 0)
    assert (state.channel, state.kind) == ("sms", "away")
    assert office.provider.heard == []


async def test_our_own_network_is_closed_to_it(office: Texts) -> None:
    line = await office.stack.enter_async_context(Line())
    office.dispatch.channels = {"sms": SmsGateway(line, office.provider.address, [SECRET])}

    run = await office.send()

    assert office.dispatch.messages()[run].state == "claimed"
    assert office.dispatch.read(ChannelState)[0].kind == "fault"
    assert office.provider.heard == []


async def test_marketing_by_text_needs_a_yes_for_texts(office: Texts) -> None:
    run = await office.send("news")

    row = office.dispatch.messages()[run]
    assert (row.state, row.reason) == ("skipped", "no consent: news for sms is opted_out by default")
    assert office.provider.heard == []


async def test_until_live_nothing_reaches_the_provider_and_everything_is_kept(office: Texts) -> None:
    settings = Settings(sms_url=office.provider.address, sms_secret=(SecretStr(SECRET),), call_private=True)
    line = await office.stack.enter_async_context(Line(private=True))
    channel = texts(settings, line, office.dispatch.workers[0])
    office.dispatch.channels = {"sms": channel}

    run = await office.send()

    row = office.dispatch.messages()[run]
    assert isinstance(channel, Outbox)
    assert (row.state, row.reply) == ("accepted", "kept in the outbox; RAPPORT_LIVE is off")
    [kept] = office.dispatch.read(OutboxMessage)
    assert (kept.id, kept.channel, kept.recipient) == (row.id, "sms", NUMBER)
    assert json.loads(kept.body)["text"] == "News"
    assert office.provider.heard == []


async def test_live_it_goes_to_the_provider(office: Texts) -> None:
    settings = Settings(
        live=True, smtp_host="mail.acme.example", sms_url=office.provider.address, sms_secret=(SecretStr(SECRET),)
    )
    line = await office.stack.enter_async_context(Line(private=True))
    office.dispatch.channels = {"sms": texts(settings, line, office.dispatch.workers[0])}
    office.provider.answers.append(FINE)

    run = await office.send()

    assert office.dispatch.messages()[run].state == "accepted"
    assert len(office.provider.heard) == 1
    assert office.dispatch.read(OutboxMessage) == []


async def test_live_without_a_provider_texts_wait(office: Texts) -> None:
    line = await office.stack.enter_async_context(Line())
    settings = Settings(live=True, smtp_host="mail.acme.example")
    office.dispatch.channels = {"sms": texts(settings, line, office.dispatch.workers[0])}

    run = await office.send()

    assert office.dispatch.messages()[run].state == "claimed"
    assert "RAPPORT_SMS_URL" in office.dispatch.read(ChannelState)[0].reason


async def test_what_is_kept_twice_stands_there_once(office: Texts) -> None:
    office.provider.answers.append(FINE)
    run = await office.send()
    key = office.dispatch.messages()[run].send_key
    database = office.dispatch.workers[0]
    channel = texts(Settings(), await office.stack.enter_async_context(Line()), database)

    async def before_body() -> None: ...

    for text in (b"one", b"two"):
        await channel.send(Envelope("Acme", NUMBER, text, key), before_body)

    [kept] = database.read_now(lambda session: outbox.listing(session, "sms", 10))
    assert (kept.id, kept.body) == (ledger_id(key), "two")
    assert database.read_now(lambda session: outbox.show(session, kept.id)) is not None
