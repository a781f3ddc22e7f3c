"""`message list --held`, `release` and `settle`."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from domain.keys import ledger_id, send_key
from records import waits as waiting_list
from records.models import Contact, Enrolment, Message, Wake
from records.waiting_models import WaitingMessage
from tests.starter.small_home import SmallHome

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens where Temporal should be, so there is nothing to wait for."""

    async def out_of_reach(*_: object, **__: object) -> None:
        raise RuntimeError("connection refused")

    monkeypatch.setattr("starter.cli_store.Client.connect", out_of_reach)


@pytest.fixture
def held(records: SmallHome) -> SmallHome:
    """Ann is in the welcome; its first message waits, once tried by a mail server that asked for patience."""
    address = ("--email", "ann@acme.example", "--consent", "product-news")
    assert records.type("contact", "add", *address).status == 0
    assert records.type("enrol", "welcome", "ann@acme.example").status == 0

    def wait(session: Session) -> None:
        run, ann = session.exec(select(Enrolment)).one(), session.exec(select(Contact)).one()
        run.wave, run.state = "seq/welcome/1", "running"
        waits = WaitingMessage(
            enrolment_id=run.id,
            contact_id=ann.id,
            step="hello",
            channel="email",
            class_="marketing",
            reason="quiet hours (night)",
            since=NOW,
            due_at=NOW + timedelta(hours=8),
        )
        waiting_list.wait(session, waits)
        session.add(message(run, "claimed", not_before=NOW + timedelta(hours=8)))

    with records.database() as database:
        database.write_now(wait)
    return records


def message(run: Enrolment, state: str, not_before: datetime | None = None) -> Message:
    key = send_key(run.id, "hello", 1)
    return Message(
        id=ledger_id(key),
        send_key=key,
        contact_id=run.contact_id,
        enrolment_id=run.id,
        sequence=run.sequence,
        step="hello",
        channel="email",
        template="welcome/hello",
        bundle="b",
        class_="marketing",
        message_id="<m@acme.example>",
        state=state,
        not_before=not_before,
        claimed_at=NOW,
    )


def test_what_waits_is_listed_with_what_it_waits_for(held: SmallHome) -> None:
    [row] = held.type("message", "list", "--held", "--json").document["messages"]

    assert (row["sequence"], row["step"], row["reason"]) == ("welcome", "hello", "quiet hours (night)")
    assert held.type("message", "list", "--held", "--sequence", "other", "--json").document == {"messages": []}
    assert "quiet hours" in held.type("message", "list", "--held", "--contact", "ann@acme.example").out


@pytest.mark.parametrize("how", [["--all"], ["--sequence", "welcome"], ["ID"]])
def test_what_is_released_is_asked_for_again(held: SmallHome, how: list[str]) -> None:
    [row] = held.type("message", "list", "--held", "--json").document["messages"]

    released = held.type("message", "release", *(row["id"] if each == "ID" else each for each in how), "--json")

    assert released.document["released"] == [row["id"]]
    with held.database() as database:
        read = database.read_now
        assert read(lambda session: session.exec(select(Wake)).one()).wave == "seq/welcome/1"
        assert read(lambda session: session.exec(select(Enrolment)).one()).stirred == 1
        assert read(lambda session: session.exec(select(Message)).one()).not_before is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give one of ID, --sequence and --all"),
        (["--all", "--sequence", "welcome"], "give one of ID, --sequence and --all"),
        (["nonsense"], "nonsense does not wait; see `rapport message list --held`"),
    ],
)
def test_what_cannot_be_released_is_said(held: SmallHome, words: list[str], said: str) -> None:
    typed = held.type("message", "release", *words)

    assert (typed.status, said in typed.err) == (1, True)


def test_a_fate_nobody_knew_is_told_once(held: SmallHome) -> None:
    def lose(session: Session) -> str:
        row = session.exec(select(Message)).one()
        row.state, row.unknown_at = "unknown", NOW
        return row.id

    with held.database() as database:
        id = database.write_now(lose)

    settled = held.type("message", "settle", id, "--as", "accepted", "--reason", "she answered by telephone")
    again = held.type("message", "settle", id, "--as", "refused", "--reason", "no")

    assert (settled.status, again.status) == (0, 1)
    assert "is accepted; only an unknown fate can be told" in again.err
    shown = held.type("message", "show", id, "--json").document
    assert (shown["state"], shown["reason"]) == ("accepted", "told by hand: she answered by telephone")


def test_nobody_can_tell_a_fate_there_is_not(held: SmallHome) -> None:
    typed = held.type("message", "settle", "m", "--as", "lost", "--reason", "who knows")

    assert (typed.status, "it is one of accepted, refused" in typed.err) == (1, True)
