"""Frequency caps where several sequences send to one contact in the same second, on both databases.

The real activity of several workers on real records; what is fake is the pen and the channel, which dawdle.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from sqlmodel import Session, select
from temporalio.testing import ActivityEnvironment

from activities.batches import Alike, Batch
from activities.messages import Messages
from activities.post import MailSettings, Post
from channels.base import Accepted, BeforeBody, Envelope
from domain.keys import Tokens
from domain.loader import load
from domain.needs import Later, Outcome, Sent
from domain.program import Program
from domain.run import entered, need
from records.contacts import find_or_make, record_consent
from records.entries import enter
from records.facts import nobody
from records.models import Decision, Enrolment, Message
from records.published import Published, publish
from records.runs import end
from records.session import Database
from records.waiting_models import WaitingMessage
from rendering.catalogue import Catalogue
from rendering.process import Rendered, Renderer

pytestmark = pytest.mark.system

NOW = datetime(2026, 3, 27, 9, 0, 0, 250_000, tzinfo=UTC)
WEEK = timedelta(days=7)
MOST, WORKERS, SEQUENCES = 2, 3, 9
MAIL = """{% block subject %}News{% endblock %}{% block html %}<p>{{ unsubscribe_url }}</p>{% endblock %}"""
FILES = {
    "policies/messaging.yaml": f"""
organisation: {{name: Acme, address: "1 High Street, London", time_zone: Europe/London}}
senders: {{default: {{from: "Acme <hello@acme.example>"}}}}
topics: {{news: {{label: News}}}}
expires: {{marketing: 30 days}}
caps: [{{class: marketing, channel: email, most: {MOST}, in: 7 days}}]
""",
    "templates/email/t/news.html": MAIL,
    **{f"templates/email/t/news-{number}.html": MAIL for number in range(SEQUENCES)},
    "templates/email/t/receipt.html": f"---\nclass: service\n---\n{MAIL}",
    **{
        f"sequences/s{number}.yaml": f"topic: news\nsteps: [{{send: t/news-{number}{', on_cap: skip' * (not number)}}}]"
        for number in range(SEQUENCES)
    },
    "sequences/receipt.yaml": "steps: [{send: t/receipt}]",
    "sequences/urgent.yaml": "topic: news\npriority: 90\nsteps: [{send: t/news}]",
}


class Slow:
    """A pen and a channel that let the others catch up."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    async def render(self, job: Any) -> Any:
        await asyncio.sleep(0.01)
        return Rendered("News", "", "<p>News</p>", "News", None)

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        await asyncio.sleep(0.01)
        await before_body()
        await asyncio.sleep(0.01)
        self.taken.append(letter)
        return Accepted("250 2.0.0 Ok")


class Office:
    """One contact in many sequences, and several workers."""

    def __init__(self, workers: list[Database]) -> None:
        self.workers, self.published, self.slow = workers, Published(), Slow()
        sources = {path.removeprefix("templates/"): text for path, text in FILES.items() if "templates/" in path}
        loaded = load(FILES, Catalogue(sources))
        assert not loaded.errors(), [str(each) for each in loaded.problems]
        self.programs: dict[str, Program] = loaded.programs
        self.enrolments: dict[str, str] = workers[0].write_now(self._enter)

    def _enter(self, session: Session) -> dict[str, str]:
        publish(session, FILES, self.programs, NOW)
        contact = find_or_make(session, {"email": "ann@customer.example"}, "test", NOW)
        record_consent(session, contact.id, "news", "opted_in", NOW, basis="consent", source="test")
        entries = {name: enter(session, self.published, each, contact, NOW)[1] for name, each in self.programs.items()}
        return {name: each.id for name, each in entries.items() if each is not None}

    async def send(self, sequence: str, now: datetime = NOW, worker: int = 0) -> Outcome:
        """Let one worker send the first message of a sequence."""
        enrolment = self.enrolments[sequence]
        return (await self.send_batch(sequence, [enrolment], now, worker))[enrolment]

    async def send_batch(
        self, sequence: str, enrolments: Sequence[str], now: datetime = NOW, worker: int = 0
    ) -> dict[str, Outcome]:
        """Let one worker send the first message of a sequence to several at once."""
        secret = "a-secret-of-sixteen"
        settings = MailSettings("https://acme.example", "mail.acme.example", secret, Tokens([secret]), WEEK)
        post = Post(
            self.workers[worker], cast(Renderer, self.slow), {"email": self.slow}, lambda: now, settings, nobody
        )
        program = self.programs[sequence]
        wanted = need(program, entered(program, NOW))
        assert wanted is not None
        batch = Batch(
            sequence=sequence,
            version=program.version,
            step=str(program.first),
            kind="send",
            need=wanted,
            now=now,
            members=(Alike(visit=1, arrived_at=NOW, since=NOW, enrolments=tuple(enrolments)),),
        )
        answers = await ActivityEnvironment().run(Messages(post, Published()).send, batch)
        return answers.by_enrolment(list(enrolments))


@pytest.fixture
def office(main: Database) -> Iterator[Office]:
    others = [Database(main.url) for _ in range(WORKERS - 1)]
    yield Office([main, *others])
    for each in others:
        each.close()


async def test_sequences_that_send_in_the_same_second_keep_the_cap_together(office: Office) -> None:
    names = [f"s{number}" for number in range(1, SEQUENCES)]

    found = await asyncio.gather(*(office.send(each, worker=n % WORKERS) for n, each in enumerate(names)))

    assert Counter(each.outcome for each in found) == {"sent": MOST, "later": len(names) - MOST}
    assert len(office.slow.taken) == MOST
    slot = NOW.replace(microsecond=0) + timedelta(seconds=1) + WEEK
    assert {each.due for each in found if isinstance(each, Later)} == {slot}

    waiting = [name for name, each in zip(names, found, strict=True) if isinstance(each, Later)]
    again = await asyncio.gather(*(office.send(each, slot, worker=n % WORKERS) for n, each in enumerate(waiting)))

    assert Counter(each.outcome for each in again) == {"sent": MOST, "later": len(waiting) - MOST}
    assert {each.due for each in again if isinstance(each, Later)} == {slot + WEEK}


async def test_over_the_cap_a_message_is_skipped_where_its_step_says_so_and_says_why(office: Office) -> None:
    assert [await office.send(each) for each in ("s1", "s2")] == [Sent("accepted")] * 2

    assert await office.send("s0") == Sent("skipped", "over the cap")
    assert await office.send("receipt") == Sent("accepted"), "another class has caps of its own"
    rows = office.workers[0].read_now(lambda session: list(session.exec(select(Decision)).all()))
    assert [row.why[-1] for row in rows if row.did == "skipped"] == ["over the cap"]


@pytest.mark.parametrize(("state", "counts"), [("unknown", True), ("accepted", True), ("refused", False)])
async def test_what_may_have_arrived_counts_and_what_was_refused_does_not(
    office: Office, state: str, counts: bool
) -> None:
    for each in ("s1", "s2"):
        await office.send(each)

    def change(session: Session) -> None:
        for row in session.exec(select(Message)):
            row.state = state
            session.add(row)

    await office.workers[0].write(change)

    found = await office.send("s3")

    assert isinstance(found, Later) if counts else found == Sent("accepted")


async def test_a_free_place_goes_to_the_more_important_message_whoever_asks_first(office: Office) -> None:
    for each in ("s1", "s2"):
        await office.send(each)
    put_off = [await office.send(each) for each in ("s3", "s4", "urgent")]
    assert all(isinstance(each, Later) for each in put_off)
    slot = NOW.replace(microsecond=0) + timedelta(seconds=1) + WEEK

    first, second, important = [await office.send(each, slot) for each in ("s3", "s4", "urgent")]

    assert (first, important) == (Sent("accepted"), Sent("accepted"))
    assert second == Later(slot + timedelta(seconds=30), "cap: 2 in 7 days, a more important one first")
    after = await office.send("s4", slot + timedelta(seconds=30))
    assert isinstance(after, Later)
    assert after.due == slot + WEEK
    [waits] = office.workers[0].read_now(lambda session: list(session.exec(select(WaitingMessage)).all()))
    assert (waits.enrolment_id, waits.due_at) == (office.enrolments["s4"], slot + WEEK)


async def test_a_message_that_nobody_asks_for_any_more_holds_up_nobody(office: Office) -> None:
    for each in ("s1", "s2"):
        await office.send(each)
    await office.send("urgent")
    slot = NOW.replace(microsecond=0) + timedelta(seconds=1) + WEEK

    late = slot + timedelta(minutes=10)

    assert await office.send("s3", late) == Sent("accepted")
    assert await office.send("s4", late) == Sent("accepted")


async def test_one_whose_run_has_ended_holds_up_nobody(office: Office) -> None:
    for each in ("s1", "s2"):
        await office.send(each)
    await office.send("urgent")
    slot = NOW.replace(microsecond=0) + timedelta(seconds=1) + WEEK

    def leave(session: Session) -> None:
        run = session.get(Enrolment, office.enrolments["urgent"])
        assert run is not None
        end(session, office.programs["urgent"], run, "exited:test", slot, [])

    await office.workers[0].write(leave)

    assert [await office.send(each, slot) for each in ("s3", "s4")] == [Sent("accepted")] * 2
