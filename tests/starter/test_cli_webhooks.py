"""`webhook list | enable | test`: what is typed, what is told, what is written."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlmodel import Session

from domain.webhooks import verified
from records import channel_states, endpoints
from records.sending_models import EndpointState
from starter.publish import publish_home
from tests.scripted_http import ScriptedHttp, answer
from tests.starter.small_home import SmallHome

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("impatient"), pytest.mark.system]

NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
SECRET = "whsec_" + "A" * 24


@pytest.fixture
def system() -> Iterator[ScriptedHttp]:
    """A system that listens in a loop of its own: commands have theirs."""
    made, loop, over = ScriptedHttp(), asyncio.new_event_loop(), asyncio.Event()
    ready = threading.Event()

    async def serve() -> None:
        async with made:
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(30)
    yield made
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


@pytest.fixture
def hooks(records: SmallHome, system: ScriptedHttp, monkeypatch: pytest.MonkeyPatch) -> SmallHome:
    """A home with an endpoint, published."""
    policies = (records.folder / "policies/messaging.yaml").read_text(encoding="utf-8")
    records.write("policies/messaging.yaml", f"{policies}\nwebhooks: {{crm: {{url: '{system.address}'}}}}\n")
    publish_home(records.settings)
    monkeypatch.setenv("RAPPORT_WEBHOOK_SECRETS", f'{{"crm": ["{SECRET}"]}}')
    return records


def go_live(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("LIVE", "1"), ("SMTP_HOST", "mail.acme.example"), ("CALL_PRIVATE", "1")):
        monkeypatch.setenv(f"RAPPORT_{name}", value)


def disable(home: SmallHome) -> None:
    def write(session: Session) -> None:
        for _ in range(3):
            endpoints.failed(session, "crm", "500: answered not now", NOW)
        channel_states.stop(session, "webhook/crm", "disabled", "410: the endpoint wants to be told no more", NOW)

    with home.database() as database:
        database.write_now(write)


def test_every_endpoint_is_listed_with_how_it_stands(hooks: SmallHome) -> None:
    [row] = hooks.type("webhook", "list", "--json").document["endpoints"]
    assert (row["name"], row["host"], row["state"], row["waiting"]) == ("crm", "127.0.0.1", "goes", 0)

    disable(hooks)

    [row] = hooks.type("webhook", "list", "--json").document["endpoints"]
    assert (row["state"], row["failures"], row["since"][:10]) == ("disabled", 3, "2026-03-27")
    said = hooks.type("webhook", "list").out
    assert "disabled" in said
    assert "410" in said


def test_one_that_is_enabled_is_tried_by_the_next_message_and_its_failures_are_forgiven(hooks: SmallHome) -> None:
    disable(hooks)

    typed = hooks.type("webhook", "enable", "crm", "--json")

    assert (typed.status, typed.document["channel"], typed.document["state"]) == (0, "webhook/crm", "away")
    with hooks.database() as database:
        known = database.read_now(lambda session: session.get(EndpointState, "crm"))
    assert known is not None
    assert (known.failures, known.failing_since) == (0, None)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["enable", "crm"], "crm: is not disabled; there is nothing to enable"),
        (["enable", "crn"], "there is no endpoint 'crn' in what is published; did you mean 'crm'?"),
        (["test", "crn"], "there is no endpoint 'crn' in what is published; did you mean 'crm'?"),
    ],
)
def test_what_cannot_be_is_said(hooks: SmallHome, typed: list[str], said: str) -> None:
    found = hooks.type("webhook", *typed)

    assert (found.status, found.err.strip()) == (1, said)


def test_until_live_a_test_leaves_nothing_and_shows_what_it_would_be(hooks: SmallHome, system: ScriptedHttp) -> None:
    typed = hooks.type("webhook", "test", "crm", "--json")

    assert (typed.status, typed.document["sent"], typed.document["body"]["type"]) == (0, False, "rapport.test")
    assert system.heard == []


def test_live_a_test_is_signed_and_its_answer_told(
    hooks: SmallHome, system: ScriptedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_live(monkeypatch)

    typed = hooks.type("webhook", "test", "crm")

    assert (typed.status, typed.out.strip()) == (0, "crm: took it, and answered 200")
    [heard] = system.heard
    assert verified(heard.headers, heard.body, [SECRET], datetime.now(UTC))
    assert heard.said["id"] == heard.headers["webhook-id"]


def test_a_test_that_is_not_taken_is_out_of_reach(
    hooks: SmallHome, system: ScriptedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_live(monkeypatch)
    system.answers.append(answer(b"", 401))

    typed = hooks.type("webhook", "test", "crm")

    assert (typed.status, typed.err.strip()) == (3, "crm: 401: answered no")
