"""`rapport why`: over records that the real gate and the real doors have written."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import process_time

import pytest
from sqlmodel import Session, select

from records.contacts import find, record_consent
from records.holding import pause
from records.models import Contact, Decision
from records.session import Database
from records.timeline import Happening, record
from tests.databases import lay_down
from tests.records.dispatch import NOW, Dispatch
from tests.records.dispatch import home as files_of
from tests.starter.small_home import SmallHome, Typed

ANN, BOB = "ann@acme.example", "bob@acme.example"
CALENDARS = 'calendars: {night: {zone: contact, hours: {mon-sun: ["22:00-11:00"]}}}'
QUIET = "quiet: [{class: marketing, channel: email, calendar: night}]"
FILES = {
    **files_of(
        more=QUIET,
        welcome="topic: news\nenter: {on: {event: clicked}}\nsteps:\n  - send: t/news\n  - wait: 2 days",
        twice="topic: news\nenter: {again: never}\nsteps: [{send: t/receipt}]",
        brief="topic: news\nsteps: [{send: t/news, expires: 1 hour}]",
        win_back="topic: news\nenter: {on: {event: replied}}\nsteps: [{send: t/news}]",
    ),
    "policies/calendars.yaml": CALENDARS,
}
DOCS = (Path(__file__).parents[2] / "docs/why.md").read_text(encoding="utf-8")
HASH = re.compile(r"[0-9a-f]{12,}")
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def records(home: SmallHome, monkeypatch: pytest.MonkeyPatch) -> SmallHome:
    """Databases in which nothing is published yet, and nobody where Temporal should be."""

    async def out_of_reach(*_: object, **__: object) -> None:
        raise RuntimeError("connection refused")

    monkeypatch.setattr("starter.cli_store.Client.connect", out_of_reach)
    home.settings.state.mkdir()
    lay_down("main", home.settings.database_url)
    lay_down("inbox", home.settings.inbox_url)
    return home


@contextmanager
def dispatched(records: SmallHome) -> Iterator[Dispatch]:
    with records.database() as database:
        yield Dispatch([database], FILES)


def folded(typed: Typed) -> str:
    assert typed.status == 0, typed.err
    assert max(map(len, typed.out.splitlines())) <= 100
    return " ".join(typed.out.split())


async def test_a_message_put_off_and_then_sent_is_told_with_rule_values_and_the_line_of_its_step(
    records: SmallHome,
) -> None:
    with dispatched(records) as office:
        runs = office.enrol("welcome", [ANN])
        for minutes in (0, 20, 40):
            office.now = NOW + timedelta(minutes=minutes)
            await office.ask(runs)
        waits = folded(records.type("why", ANN))
        await office.live()
        id = office.messages_id(runs[0])

    told = folded(records.type("why", ANN, "--sequence", "welcome"))

    assert "news (line 4): put off until Fri 27 Mar 11:00; asked 3 times from Fri 27 Mar 2026 09:00 UTC" in told
    assert "by `quiet` of policies/messaging.yaml (policies sha256:" in told
    assert "asked: expired: of use until" in told
    assert "news (line 4): sent “News”" in told
    assert f"message {id}: accepted Fri 27 Mar 2026 11:00 UTC: 250 2.0.0 Ok" in told
    assert "now: waits at wait-2" in told
    assert "now: waits at news until Fri 27 Mar 2026 11:00 UTC: quiet hours (night)" in waits
    assert f"`rapport message release {id}` has it asked for again now" in waits


async def test_what_will_expire_before_its_hour_comes_is_not_said_to_go_by_itself(records: SmallHome) -> None:
    with dispatched(records) as office:
        runs = office.enrol("brief", [ANN])
        await office.ask(runs)
        waits = folded(records.type("why", ANN))
        await office.live()

    assert "now: waits at news until Fri 27 Mar 2026 10:00 UTC: quiet hours (night)" in waits
    assert "what lets it go: nothing by itself: it expires then, and is not sent" in waits
    told = folded(records.type("why", ANN))
    assert "expired at 2026-03-27 10:00 UTC, waiting for: quiet hours (night)" in told


async def test_for_programs_there_are_the_raw_rows_each_once(records: SmallHome) -> None:
    with dispatched(records) as office:
        runs = office.enrol("welcome", [ANN])
        await office.ask(runs)
        await office.live()

    document = records.type("why", ANN, "--json").document

    (block,) = document["answers"]
    assert (block["sequence"], block["file"]) == ("welcome", "sequences/welcome.yaml")
    ids = [row["id"] for one in block["decided"] for row in one["rows"]]
    with records.database() as database:
        written = database.read_now(lambda session: session.exec(select(Decision.id)).all())
        assert sorted(ids) == sorted(id for id in written if id is not None)
    sent = block["decided"][-1]
    assert (sent["where"], sent["line"], sent["said"]) == ("news", 4, "sent “News”")
    assert [name for name, _ in sent["rows"][0]["more"]["asked"]][:3] == ["expired", "suppression", "address"]
    assert set(document) == {"contact", "email", "time_zone", "time_zone_from", "asked", "answers", "never"}


async def test_one_message_one_step_and_one_day_are_asked_about(records: SmallHome) -> None:
    with dispatched(records) as office:
        runs = office.enrol("twice", [ANN])
        await office.ask(runs)
        office.enrol("welcome", [ANN])
        id = office.messages_id(runs[0])

    by_message = records.type("why", ANN, "--message", id, "--json").document
    by_step = records.type("why", ANN, "--step", "receipt", "--json").document

    assert [block["sequence"] for block in by_message["answers"]] == ["twice"]
    assert [one["said"] for one in by_message["answers"][0]["decided"]] == ["sent “News”"]
    assert by_message["answers"][0]["decided"] == by_step["answers"][0]["decided"]
    before = records.type("why", ANN, "--at", "2026-03-03").out
    assert "nothing was sent on Tue 03 Mar 2026: twice was entered later, Fri 27 Mar 2026 09:00 UTC" in before
    assert "sent “News”" in records.type("why", ANN, "--at", "2026-03-27").out
    assert "sent “News”" in records.type("why", ANN, "--at", "2026-03-27T09:00:30Z").out
    assert records.type("why", ANN, "--message", "nonsense").status == 1
    assert (
        "--step: no sequence they were in has 'recipt'; did you mean 'receipt'?"
        in records.type("why", ANN, "--step", "recipt").err
    )


def test_who_did_not_enter_is_told_by_which_check(records: SmallHome) -> None:
    with dispatched(records):
        pass
    records.type("contact", "add", "--email", BOB)

    def object_to_it(session: Session) -> None:
        bob = find(session, BOB)
        assert bob is not None
        record_consent(session, bob.id, "news", "opted_out", NOW, basis="objection", source="test")

    with records.database() as database:
        database.write_now(object_to_it)
    assert records.type("enrol", "welcome", BOB).status == 1

    told = folded(records.type("why", BOB))

    assert "welcome: at the door (sequences/welcome.yaml, version sha256:" in told
    assert "at the door: did not enter: consent" in told
    assert "what lets it through: a yes to the sequence's topic" in told


def test_what_never_happened_is_answered_too(records: SmallHome) -> None:
    with dispatched(records) as office:
        office.enrol("welcome", [ANN])

    assert "was never in win-back: what starts it (event replied) never happened to them" in folded(
        records.type("why", ANN, "--sequence", "win-back")
    )
    assert "has not come to wait-2 in welcome: it stands at news" in folded(
        records.type("why", ANN, "--step", "wait-2")
    )
    unknown = records.type("why", ANN, "--sequence", "win-bak")
    assert (unknown.status, "sequence 'win-bak' is not published; did you mean 'win-back'?" in unknown.err) == (1, True)
    records.type("contact", "add", "--email", BOB)
    assert "was never in any sequence" in folded(records.type("why", BOB))


def test_who_is_paused_is_told_how_to_go_on(records: SmallHome) -> None:
    with dispatched(records) as office:
        office.enrol("welcome", [ANN])
        database: Database = office.workers[0]

        def hold(session: Session) -> None:
            ann = session.exec(select(Contact)).one()
            pause(session, "welcome", ann.id, NOW, until=None, by="test", reason="she moves house")

        database.write_now(hold)

    told = folded(records.type("why", ANN))
    assert "pause: of the contact, until it is resumed by test: she moves house" in told
    assert "now: waits at news: contact paused" in told
    assert "nothing was sent on Sat 28 Mar 2026: welcome was paused for the contact from Fri 27 Mar 2026" in folded(
        records.type("why", ANN, "--at", "2026-03-28")
    )


async def test_the_examples_in_the_docs_are_what_is_printed(records: SmallHome) -> None:
    with dispatched(records) as office:
        runs = office.enrol("welcome", [ANN])
        for minutes in (0, 20, 40):
            office.now = NOW + timedelta(minutes=minutes)
            await office.ask(runs)

    blocks = re.findall(r"^\$ (.*?)(?=^\$ |^```)", DOCS, re.MULTILINE | re.DOTALL)
    shown = [block.partition("\n") for block in blocks if "\ntask '" not in block]  # that one: test_task_words.py

    assert len(shown) == 3
    for command, _, printed in shown:
        typed = records.type(*command.split()[1:])
        assert HASH.sub("…", typed.out) == HASH.sub("…", printed)


@pytest.mark.large
async def test_two_thousand_decisions_are_read_and_told_within_a_second(records: SmallHome) -> None:
    with dispatched(records) as office:
        runs = office.enrol("welcome", [ANN])
        await office.ask(runs)

        def write(session: Session) -> None:
            [like] = session.exec(select(Decision).where(Decision.step == "news")).all()
            for number in range(2000):
                own = {"id": None, "why": [f"cap {number % 700}"], "at": NOW + timedelta(minutes=number)}
                session.add(Decision(**like.model_dump() | own))

        office.workers[0].write_now(write)

    def spent() -> float:
        began = process_time()
        typed = records.type("why", ANN)
        assert (typed.status, typed.out.count("put off until")) == (0, 701)
        return process_time() - began

    assert min(spent() for _ in range(4)) < 1, "whatever else this machine does"


async def test_what_came_of_a_message_stands_before_what_it_led_to(records: SmallHome) -> None:
    with dispatched(records) as office:
        runs = office.enrol("welcome", [ANN])
        await office.live()
        id, later = office.messages_id(runs[0]), office.now + timedelta(minutes=5)

        def comes(session: Session) -> None:
            contact = find(session, ANN)
            assert contact is not None
            for name, data in (
                ("delivered", {}),
                ("clicked", {"by": "machine", "url": "https://acme.example/scanned"}),
                ("clicked", {"by": "human", "url": "https://acme.example/tips"}),
                ("unsubscribed", {"topic": "news", "channel": "email"}),
            ):
                happening = Happening(f"{name}/{data}", name, later, data, message=id, channel="email")
                record(session, office.published, contact, happening, later)

        office.workers[0].write_now(comes)

    told = folded(records.type("why", ANN, "--sequence", "welcome"))
    clicked, left, over = (told.index(each) for each in ("news (line 4): clicked", ": unsubscribed", "the end"))
    assert clicked < left < over
    assert "url: https://acme.example/tips" in told
    assert "scanned" not in told
    assert "delivered" not in told
    assert "clicked" in folded(records.type("why", ANN, "--message", id))
