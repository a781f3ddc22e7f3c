"""A goal that comes at the last moment: between asking and claiming, and between claiming and handing over.

Real records and the real activity; what is fake is the pen and the channel, which let the goal happen in the middle.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from sqlmodel import Session, col, select
from temporalio.testing import ActivityEnvironment

from activities.batches import Alike, Answers, Batch
from activities.messages import Messages
from activities.post import MailSettings, Post
from channels.base import Accepted, BeforeBody, Envelope, Refused, Unavailable, Unknown
from domain.keys import Tokens
from domain.loader import load
from domain.needs import Later, Left, Outcome, Sent
from domain.program import Program
from domain.run import entered, need
from records.abandoned import abandoned, lose_abandoned
from records.contacts import find_or_make
from records.entries import enter
from records.facts import nobody
from records.holding import pause, resume
from records.models import Decision, Enrolment, Message
from records.published import Published, publish
from records.session import Database
from records.timeline import Happening, record
from rendering.catalogue import Catalogue
from rendering.process import Rendered, Renderer
from tests.databases import lay_down
from tests.system.authored import write_home

NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
ADDRESS = "ann@customer.example"

Deed = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Nothing happens."""


@dataclass
class Pen:
    """Writes one and the same letter, after something happened."""

    meanwhile: Deed = nothing

    async def render(self, job: Any) -> Any:
        await self.meanwhile()
        return Rendered("Hello", "", "<p>Hello</p>", "Hello", None)


@dataclass
class Channel:
    """Takes letters, after something happened; `fails` instead, if it is told to."""

    meanwhile: Deed = nothing
    during: Deed = nothing
    fails: Exception | None = None
    taken: list[Envelope] = field(default_factory=list)

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        await self.meanwhile()
        await before_body()
        await self.during()
        if self.fails is not None:
            raise self.fails
        self.taken.append(letter)
        return Accepted("250 2.0.0 Ok")


@dataclass
class Office:
    """The activity that sends, with one contact at the first step of `news` (marketing) or `receipt` (service)."""

    database: Database
    published: Published
    program: Program
    enrolment: str
    pen: Pen
    channel: Channel
    now: datetime = NOW
    asked_at: datetime = NOW
    pausing: bool = False

    async def send(self) -> Outcome:
        """Let the activity do its work once; return the outcome of the one member."""
        settings = MailSettings(
            public_url="https://acme.example",
            message_host="mail.acme.example",
            secret="a-secret-of-sixteen",
            tokens=Tokens(["a-secret-of-sixteen"]),
            lease=timedelta(minutes=5),
        )
        post = Post(
            self.database, cast(Renderer, self.pen), {"email": self.channel}, lambda: self.now, settings, nobody
        )
        answers: Answers = await ActivityEnvironment().run(Messages(post, self.published).send, self.batch())
        return answers.by_enrolment([self.enrolment])[self.enrolment]

    def batch(self) -> Batch:
        """Return the batch that the workflow would hand in."""
        run = entered(self.program, NOW)
        step = str(run.position)
        wanted = need(self.program, run)
        assert wanted is not None
        members = (Alike(visit=1, arrived_at=NOW, since=NOW, enrolments=(self.enrolment,)),)
        name, version = self.program.sequence, self.program.version
        return Batch(
            sequence=name, version=version, step=step, kind="send", need=wanted, now=self.asked_at, members=members
        )

    async def meet_goal(self) -> None:
        """Record the goal, as intake does."""

        def write(session: Session) -> None:
            contact = find_or_make(session, {"email": ADDRESS}, "test", NOW)
            record(session, self.published, contact, Happening("goal", "meeting_booked", NOW), NOW)

        await self.database.write(write)

    async def be_paused(self, *, whole: bool) -> None:
        """Pause the contact, or the whole sequence, as a person does it."""
        self.pausing = whole
        await self.database.write(lambda session: pause(session, *self.pause_of(session), self.now, by="test"))

    async def go_on(self, at: datetime) -> None:
        """End that pause at an instant, and go there."""
        self.now = at
        await self.database.write(lambda session: resume(session, *self.pause_of(session), at))

    def pause_of(self, session: Session) -> tuple[str, str | None]:
        """Return the sequence and the contact, if it is the contact, that are paused."""
        run = session.exec(select(Enrolment)).one()
        return run.sequence, None if self.pausing else run.contact_id

    def message(self) -> Message | None:
        """Return the one row of the ledger."""
        return self.database.read_now(lambda session: session.exec(select(Message)).one_or_none())

    def state(self) -> str | None:
        """Return the state of the one message."""
        row = self.message()
        return row.state if row else None

    def did(self) -> list[str]:
        """Return what the log shows of the step: what was said again is said once."""
        wanted = select(Decision.did).where(Decision.kind == "send", col(Decision.shown).is_(True))
        return self.database.read_now(lambda session: list(session.exec(wanted).all()))

    def end(self) -> str | None:
        """Return how the run ended."""
        return self.database.read_now(lambda session: session.exec(select(Enrolment)).one().end_reason)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, Program]]:
    home = tmp_path_factory.mktemp("home")
    write_home(home)
    files = {path.relative_to(home).as_posix(): path.read_text() for path in home.rglob("*") if path.is_file()}
    sources = {path.removeprefix("templates/"): text for path, text in files.items() if path.startswith("templates/")}
    loaded = load(files, Catalogue(sources))
    assert not loaded.errors()
    return files, loaded.programs


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path, programs: Any) -> Iterator[Office]:
    files, known = programs
    url = f"sqlite:///{tmp_path / 'rapport.db'}"
    lay_down("main", url)
    database, published = Database(url), Published()
    program: Program = known[getattr(request, "param", "news")]

    def settle(session: Session) -> str:
        publish(session, files, known, NOW)
        contact = find_or_make(session, {"email": ADDRESS}, "test", NOW)
        _, enrolment = enter(session, published, program, contact, NOW)
        assert enrolment is not None
        return enrolment.id

    yield Office(database, published, program, database.write_now(settle), Pen(), Channel())
    database.close()


async def test_without_a_goal_the_message_goes(office: Office) -> None:
    assert await office.send() == Sent("accepted")
    assert (office.state(), office.did(), len(office.channel.taken)) == ("accepted", ["sent"], 1)


async def test_a_goal_between_asking_and_claiming_stops_the_message_before_it_has_a_row(office: Office) -> None:
    office.pen.meanwhile = office.meet_goal

    assert await office.send() == Left("converted")
    assert (office.channel.taken, office.message(), office.end()) == ([], None, "converted")


async def test_a_goal_between_claiming_and_handing_over_stops_the_message_and_the_ledger_says_so(
    office: Office,
) -> None:
    office.channel.meanwhile = office.meet_goal

    assert await office.send() == Left("converted")
    assert office.channel.taken == []
    row = office.message()
    assert row is not None
    assert (row.state, row.reason) == ("skipped", "the run ended: converted")


async def test_a_goal_while_the_body_leaves_is_too_late_and_the_message_counts(office: Office) -> None:
    office.channel.during = office.meet_goal

    assert await office.send() == Sent("accepted")
    assert (office.state(), office.end()) == ("accepted", "converted")


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("moment", ["pen", "channel"])
async def test_a_pause_before_the_body_leaves_keeps_it_here_and_resumed_it_goes(
    office: Office, moment: str, whole: bool
) -> None:
    getattr(office, moment).meanwhile = partial(office.be_paused, whole=whole)

    kept = await office.send()

    assert isinstance(kept, Later)
    assert (office.channel.taken, office.did()) == ([], ["deferred"])
    assert office.state() == (None if moment == "pen" else "claimed")
    getattr(office, moment).meanwhile = nothing
    assert isinstance(await office.send(), Later)
    await office.go_on(NOW + timedelta(hours=1))
    assert await office.send() == Sent("accepted")
    assert (office.state(), office.did(), len(office.channel.taken)) == ("accepted", ["deferred", "sent"], 1)


async def test_a_message_put_back_after_its_run_has_ended_is_not_left_waiting(office: Office) -> None:
    office.channel.during = office.meet_goal
    office.channel.fails = Unavailable("greylisted", "450 4.7.1")

    assert await office.send() == Left("converted")
    assert office.state() == "skipped"


async def test_a_goal_while_a_message_rests_ends_its_waiting(office: Office) -> None:
    office.channel.fails = Unavailable("greylisted", "450 4.7.1")
    assert isinstance(await office.send(), Later)
    assert office.state() == "claimed"

    await office.meet_goal()

    assert office.state() == "skipped"


async def test_whom_a_dead_worker_left_on_the_way_is_given_up_once_the_run_is_over_and_the_lease_too(
    office: Office,
) -> None:
    async def die() -> None:
        raise SystemError("kill -9")

    office.channel.during = die
    with pytest.raises(SystemError):
        await office.send()
    assert office.state() == "handing_over"
    await office.meet_goal()
    assert office.state() == "handing_over"

    def bury(session: Session, now: datetime) -> list[str]:
        found = abandoned(session, now)
        lose_abandoned(session, found, now)
        return found

    assert await office.database.write(lambda session: bury(session, NOW + timedelta(minutes=4))) == []
    assert len(await office.database.write(lambda session: bury(session, NOW + timedelta(minutes=6)))) == 1
    assert office.state() == "unknown"


@pytest.mark.parametrize("office", ["receipt"], indirect=True)
async def test_a_late_reply_of_an_attempt_that_was_taken_over_spoils_nothing(office: Office) -> None:
    """The first attempt stands still past its lease; the second one repeats the message; then the first hears 250."""

    async def be_overtaken() -> None:
        office.channel.during = nothing
        office.now = NOW + timedelta(minutes=6)
        assert await office.send() == Sent("accepted")

    office.channel.during = be_overtaken

    assert isinstance(await office.send(), Later)
    assert await office.send() == Sent("accepted")
    row = office.message()
    assert row is not None
    assert (row.state, row.attempts, row.unknown_at is not None) == ("accepted", 2, True)
    assert office.did() == ["sent"]


async def test_a_late_reply_resolves_what_was_unknown(office: Office) -> None:
    async def be_given_up() -> None:
        office.channel.during = nothing
        office.now = NOW + timedelta(minutes=6)
        assert isinstance(await office.send(), Sent)

    office.channel.during = be_given_up

    assert await office.send() == Sent("accepted")
    assert (office.state(), office.did()) == ("accepted", ["unknown"])


async def test_a_lost_reply_is_unknown_to_marketing_for_good(office: Office) -> None:
    office.channel.fails = Unknown("hung up")

    first = await office.send()
    office.channel.fails = None

    assert first == await office.send() == Sent("unknown")
    assert office.channel.taken == []


async def test_what_a_mail_server_says_of_an_address_stays_in_the_ledger_and_out_of_the_history(
    office: Office,
) -> None:
    office.channel.fails = Unavailable(f"<{ADDRESS}>: greylisted", "450 4.7.1")
    await office.send()
    resting = await office.send()
    office.now += timedelta(hours=2)
    office.channel.fails = Refused(f"<{ADDRESS}>: no such user", "550 5.1.1")
    refused = await office.send()

    assert (type(resting), refused) == (Later, Sent("refused"))
    assert ADDRESS not in f"{resting} {refused}"
    row = office.message()
    assert row is not None
    assert ADDRESS in (row.reason or "")


async def test_a_machine_whose_clock_is_behind_sends_what_is_due_instead_of_asking_again_at_once(
    office: Office,
) -> None:
    office.channel.fails = Unavailable("greylisted", "450 4.7.1")
    rest = await office.send()
    assert isinstance(rest, Later)
    assert rest.due is not None
    office.asked_at, office.now, office.channel.fails = rest.due, rest.due - timedelta(seconds=20), None

    assert await office.send() == Sent("accepted")
