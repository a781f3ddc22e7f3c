"""The counter where messages are handed in: real records, the real activity, the real pool, and a server as scripted.

Contacts stand at the first step of `news` (marketing) or `receipt` (service); the clock is the test's.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from sqlmodel import Session, col, select
from temporalio.testing import ActivityEnvironment

from activities.batches import Alike, Batch
from activities.messages import Messages
from activities.post import MailSettings, Post
from channels.base import Channel
from domain.keys import Tokens
from domain.loader import load
from domain.needs import Outcome
from domain.program import Program
from domain.run import entered, need
from records.contacts import find_or_make
from records.entries import enter
from records.facts import nobody
from records.models import Contact, Decision, Enrolment, Message, Suppression
from records.published import Published, publish
from records.session import Database
from rendering.catalogue import Catalogue
from rendering.process import Rendered, Renderer, RenderJob
from tests.databases import lay_down
from tests.system.authored import write_home

NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
SECRET = "a-secret-of-sixteen"
MAIL = MailSettings(
    public_url="https://acme.example",
    message_host="mail.acme.example",
    secret=SECRET,
    tokens=Tokens([SECRET]),
    lease=timedelta(minutes=6),
    inbound_host="in.acme.example",
)


@cache
def authored() -> tuple[Mapping[str, str], Mapping[str, Program]]:
    """Return the files of the home, and what they say."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        write_home(home)
        files = {path.relative_to(home).as_posix(): path.read_text() for path in home.rglob("*") if path.is_file()}
    sources = {path.removeprefix("templates/"): text for path, text in files.items() if path.startswith("templates/")}
    loaded = load(files, Catalogue(sources))
    assert not loaded.errors()
    return files, loaded.programs


class Pen:
    """Writes one and the same message to everybody, at once."""

    async def render(self, job: RenderJob) -> Rendered:
        return Rendered(subject="Hello", preheader="", html="<p>Hello</p>", text="Hello", locale=None)


@dataclass
class Counter:
    """Where messages are handed in."""

    database: Database
    published: Published
    renderer: Renderer
    channels: Mapping[str, Channel]
    mail: MailSettings = MAIL
    now: datetime = NOW
    at_once: int = 20
    runs: dict[str, str] = field(default_factory=dict)

    def arrive(self, sequence: str, *addresses: str) -> None:
        """Let contacts enter a sequence."""
        program = authored()[1][sequence]

        def work(session: Session) -> None:
            for address in addresses:
                contact = find_or_make(session, {"email": address}, "test", NOW)
                _, run = enter(session, self.published, program, contact, NOW)
                assert run is not None
                self.runs[address] = run.id

        self.database.write_now(work)

    async def send(self, sequence: str, *addresses: str) -> dict[str, Outcome]:
        """Let the activity do its work once for these; return what each was told."""
        post = Post(self.database, self.renderer, self.channels, lambda: self.now, self.mail, nobody)
        activity = Messages(post, self.published, self.at_once)
        ids = {self.runs[address]: address for address in addresses}
        answers = await ActivityEnvironment().run(activity.send, self.batch(sequence, tuple(ids)))
        return {ids[run]: outcome for run, outcome in answers.by_enrolment(list(ids)).items()}

    def batch(self, sequence: str, runs: tuple[str, ...]) -> Batch:
        """Return the batch that the workflow would hand in."""
        program = authored()[1][sequence]
        run = entered(program, NOW)
        wanted = need(program, run)
        assert wanted is not None
        return Batch(
            sequence=sequence,
            version=program.version,
            step=str(run.position),
            kind="send",
            need=wanted,
            now=self.now,
            members=(Alike(visit=1, arrived_at=NOW, since=NOW, enrolments=runs),),
        )

    def wait(self, until: datetime | None) -> None:
        """Let time pass."""
        self.now = max(self.now, until or self.now)

    def message(self, address: str) -> Message:
        """Return the ledger's row for a contact."""
        chosen = select(Message).where(Message.enrolment_id == self.runs[address])
        return self.database.read_now(lambda session: session.exec(chosen).one())

    def messages(self) -> list[Message]:
        """Return the ledger."""
        return self.database.read_now(lambda session: list(session.exec(select(Message)).all()))

    def did(self, address: str) -> list[str]:
        """Return what the decision log shows of the step, in its order: what was said again is said once."""
        mine = (Decision.enrolment_id == self.runs[address], Decision.kind == "send", col(Decision.shown).is_(True))
        chosen = select(Decision.did).where(*mine)
        return self.database.read_now(lambda session: list(session.exec(chosen.order_by(col(Decision.id))).all()))

    def suppressed(self, address: str) -> bool:
        """Whether this address is never written to again."""
        chosen = select(Suppression).where(Suppression.value == address)
        return self.database.read_now(lambda session: session.exec(chosen).first() is not None)

    def readdress(self, address: str, to: str) -> None:
        """Let a contact have another address, as imported data has them: whatever it is."""

        def work(session: Session) -> None:
            run = session.get(Enrolment, self.runs[address])
            contact = session.get(Contact, run.contact_id if run else "")
            assert contact is not None
            contact.email = to
            session.add(contact)

        self.database.write_now(work)


@asynccontextmanager
async def counter(
    folder: Path, channel: Channel, renderer: Renderer | None = None, **mail: Any
) -> AsyncIterator[Counter]:
    """Open a counter in a folder, with everything published; without a renderer all messages are one."""
    url = f"sqlite:///{folder}/main.db"
    lay_down("main", url)
    files, programs = authored()
    async with Database(url) as database:
        await database.write(lambda session: publish(session, dict(files), dict(programs), NOW))
        pen = renderer or cast(Renderer, Pen())
        yield Counter(database, Published(), pen, {"email": channel, "staff": channel}, replace(MAIL, **mail))
