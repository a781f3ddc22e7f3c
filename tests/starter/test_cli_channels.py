"""`channel list | stop | resume` and `notices`: what is typed, what is written."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from records import notices
from records.channel_states import why_it_waits
from records.models import Enrolment
from records.sending_models import ChannelState
from records.waiting_models import WaitingMessage
from tests.starter.small_home import SmallHome

NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens where Temporal should be, so there is nothing to wait for."""

    async def out_of_reach(*_: object, **__: object) -> None:
        raise RuntimeError("connection refused")

    monkeypatch.setattr("starter.cli_store.Client.connect", out_of_reach)


def states(home: SmallHome) -> dict[str, str]:
    typed = home.type("channel", "list", "--json")
    assert typed.status == 0
    return {row["channel"]: row["state"] for row in typed.document["channels"]}


def test_a_channel_is_stopped_and_goes_on_with_one_message_that_tries_it(records: SmallHome) -> None:
    assert states(records) == {"chat": "goes", "email": "goes", "sms": "goes", "staff": "goes", "webhook": "goes"}

    stopped = records.type("channel", "stop", "email", "--reason", "moving to a new IP", "--json")
    assert (stopped.status, stopped.document["reason"]) == (0, "moving to a new IP")
    assert states(records)["email"] == "stopped"

    resumed = records.type("channel", "resume", "email", "--json")
    assert (resumed.status, resumed.document["woken"]) == (0, False)
    assert states(records)["email"] == "away", "the next message opens it"
    with records.database() as database:
        row = database.read_now(lambda session: session.get(ChannelState, "email"))
    assert row is not None
    assert row.until is not None


def test_the_message_that_ran_into_our_fault_is_counted_and_told_when_somebody_corrected_it(records: SmallHome) -> None:
    records.type("channel", "stop", "email", "--reason", "no login")
    records.type("contact", "add", "--email", "ann@acme.example", "--consent", "product-news")
    enrolment = records.type("enrol", "welcome", "ann@acme.example", "--json").document["enrolment"]

    def it_waits(session: Session) -> None:
        run = session.get_one(Enrolment, enrolment)
        run.state, run.wave = "running", "seq/welcome/1"
        about = {"enrolment_id": run.id, "contact_id": run.contact_id, "step": "hello", "class_": "marketing"}
        why = why_it_waits("email", "no login")
        session.add(WaitingMessage(**about, visit=1, channel="email", priority=50, reason=why, since=NOW, due_at=LATER))

    with records.database() as database:
        database.write_now(it_waits)

    waiting = {row["channel"]: row["waiting"] for row in records.type("channel", "list", "--json").document["channels"]}
    records.type("channel", "resume", "email")

    assert waiting == {"chat": 0, "email": 1, "sms": 0, "staff": 0, "webhook": 0}
    with records.database() as database:
        assert database.read_now(lambda session: session.get_one(Enrolment, enrolment).stirred) > 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("resume", "email"), "email: is not stopped; there is nothing to resume"),
        (("stop", "mail", "--reason", "x"), "there is no channel 'mail'; there are email, staff, sms, webhook"),
    ],
)
def test_what_cannot_be_done_is_said(records: SmallHome, typed: tuple[str, ...], said: str) -> None:
    found = records.type("channel", *typed, "--json")

    assert found.status == 1
    assert said in str(found.document)


def test_notices_are_listed_until_somebody_has_seen_them(records: SmallHome) -> None:
    with records.database() as database:
        database.write_now(lambda session: notices.note(session, "channel/email/fault", "channel stopped", "SPF", NOW))

    [notice] = records.type("notices", "--json").document["notices"]
    assert (notice["cause"], notice["kind"], notice["what"]) == ("channel/email/fault", "channel stopped", "SPF")
    assert records.type("notices", "--seen").status == 0

    assert records.type("notices", "--json").document == {"notices": []}
    assert len(records.type("notices", "--all", "--json").document["notices"]) == 1
