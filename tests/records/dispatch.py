"""Many contacts in a few sequences, several workers, and a clock that leaps from one due to the next.

The real activity of each worker on real records; what stands in for a wave is a list of who is due when.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlmodel import Session, col, select
from temporalio.testing import ActivityEnvironment

from activities.batches import Alike, Batch
from activities.messages import Messages
from activities.post import MailSettings, Post
from channels.base import Accepted, BeforeBody, Channel, Envelope
from domain.keys import Tokens, ledger_id, send_key
from domain.loader import load
from domain.needs import Later, Outcome
from domain.program import Program
from domain.run import entered, need
from records.contacts import find_or_make, record_consent
from records.entries import enter
from records.facts import Withdrawn, nobody
from records.models import Decision, Message
from records.published import Published, publish
from records.session import Database
from rendering.catalogue import Catalogue
from rendering.process import Rendered, Renderer

NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
MAIL = """{% block subject %}News{% endblock %}{% block html %}<p>{{ unsubscribe_url }}</p>{% endblock %}"""
SECRET = "a-secret-of-sixteen"


def home(throttles: str = "[]", more: str = "", **sequences: str) -> dict[str, str]:
    """Return the files of a company; each sequence is its text, e.g. `topic: news\\nsteps: [{send: t/news}]`."""
    return {
        "policies/messaging.yaml": f"""
organisation: {{name: Acme, address: "1 High Street, London", time_zone: Europe/London}}
senders: {{default: {{from: "Acme <hello@acme.example>"}}}}
topics: {{news: {{label: News, default: opted_in}}}}
throttles: {throttles}
{more}
""",
        "policies/teams.yaml": "teams: {sales: {email: sales@acme.example}}",
        "templates/email/t/news.html": MAIL,
        "templates/email/t/receipt.html": f"---\nclass: transactional\n---\n{MAIL}",
        "templates/email/t/answer.html": f"---\nclass: service\n---\n{MAIL}",
        "templates/staff/note.html": MAIL.replace("unsubscribe_url", "team.label"),
        **{f"sequences/{name.replace('_', '-')}.yaml": text for name, text in sequences.items()},
    }


NEWS = "topic: news\nsteps: [{send: t/news}]"


class Pen:
    """Writes the same to everybody, at once."""

    async def render(self, job: Any) -> Any:
        return Rendered("News", "", "<p>News</p>", "News", None)


@dataclass
class Taker:
    """A channel that takes everything after a moment, or says what `says` holds for the address."""

    taken: list[Envelope] = field(default_factory=list)
    says: dict[str, list[Exception]] = field(default_factory=dict)
    after_body: bool = False
    slow: float = 0

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        await asyncio.sleep(self.slow)
        said = self.says.get(letter.recipient) or self.says.get("*") or []
        if said and not self.after_body:
            raise said.pop(0)
        await before_body()
        if said:
            raise said.pop(0)
        self.taken.append(letter)
        return Accepted("250 2.0.0 Ok")


class Dispatch:
    """Everybody who is to be written to, and the workers that do it."""

    def __init__(
        self,
        workers: Sequence[Database],
        files: Mapping[str, str],
        channels: Mapping[str, Channel] | None = None,
        pen: Any = None,
        **settings: Any,
    ) -> None:
        self.workers, self.files, self.now = list(workers), dict(files), NOW
        self.taker, self.pen = Taker(), pen or Pen()
        self.stands: Withdrawn = nobody
        self.channels = channels or {"email": self.taker, "staff": self.taker}
        self.settings = MailSettings(
            "https://acme.example",
            "mail.acme.example",
            SECRET,
            tokens=Tokens([SECRET]),
            **{"lease": timedelta(minutes=6), **settings},
        )
        self.published = Published()
        self.port = 0
        self.due: dict[str, datetime | None] = {}
        self.asked: list[tuple[datetime, str, Outcome]] = []
        self.sequence_of: dict[str, str] = {}
        self.address_of: dict[str, str] = {}
        self.programs = self.publish(files)

    def publish(self, files: Mapping[str, str]) -> dict[str, Program]:
        """Publish these files instead; they have to be without a mistake."""
        sources = {path.removeprefix("templates/"): text for path, text in files.items() if "templates/" in path}
        loaded = load(files, Catalogue(sources))
        assert not loaded.errors(), [str(each) for each in loaded.problems]
        at = self.now
        self.workers[0].write_now(lambda session: publish(session, files, loaded.programs, at))
        return loaded.programs

    def enrol(self, sequence: str, addresses: Iterable[str]) -> list[str]:
        """Let people enter a sequence now; they are due at once."""

        def write(session: Session) -> list[str]:
            found = []
            for address in addresses:
                contact = find_or_make(session, {"email": address}, "test", self.now)
                record_consent(session, contact.id, "news", "opted_in", self.now, basis="consent", source="test")
                run = enter(session, self.published, self.programs[sequence], contact, self.now)[1]
                assert run is not None, f"{address} enters {sequence}"
                found.append(run.id)
                self.address_of[run.id] = address
            return found

        runs = self.workers[0].write_now(write)
        self.due |= dict.fromkeys(runs, self.now)
        self.sequence_of |= dict.fromkeys(runs, sequence)
        self.arrived: dict[str, datetime] = {**getattr(self, "arrived", {}), **dict.fromkeys(runs, self.now)}
        return runs

    async def ask(self, runs: Sequence[str], worker: int = 0) -> dict[str, Outcome]:
        """Let one worker send the first message of these runs, those of one sequence as one batch."""
        together: dict[tuple[str, datetime], list[str]] = defaultdict(list)
        for run in runs:
            together[self.sequence_of[run], self.arrived[run]].append(run)
        parts = await asyncio.gather(*(self._batch(*kind, who, worker) for kind, who in together.items()))
        found = {run: outcome for part in parts for run, outcome in part.items()}
        for run, outcome in found.items():
            self.asked.append((self.now, run, outcome))
            self.due[run] = outcome.due if isinstance(outcome, Later) else None
        return found

    async def _batch(self, sequence: str, arrived: datetime, runs: list[str], worker: int) -> dict[str, Outcome]:
        program, now = self.programs[sequence], self.now
        post = Post(
            self.workers[worker], cast(Renderer, self.pen), self.channels, lambda: self.now, self.settings, self.stands
        )
        wanted = need(program, entered(program, arrived))
        assert wanted is not None
        batch = Batch(
            sequence=sequence,
            version=program.version,
            step=str(program.first),
            kind=program.step(str(program.first)).kind,
            need=wanted,
            now=now,
            members=(Alike(visit=1, arrived_at=arrived, since=arrived, enrolments=tuple(runs)),),
        )
        answers = await ActivityEnvironment().run(Messages(post, self.published).send, batch)
        return answers.by_enrolment(runs)

    async def live(self, until: datetime | None = None) -> None:
        """Let the clock leap from due to due, everybody due asked by the workers in turn, until nobody waits."""
        while dues := [due for due in self.due.values() if due is not None]:
            self.now = max(self.now, min(dues))
            if until is not None and self.now > until:
                self.now = until
                return
            ready = [run for run, due in self.due.items() if due is not None and due <= self.now]
            many = len(self.workers)
            await asyncio.gather(*(self.ask(ready[n::many], n) for n in range(many) if ready[n::many]))

    def messages(self) -> dict[str, Message]:
        """Return the ledger's rows, by run."""
        rows = self.workers[0].read_now(lambda session: session.exec(select(Message)).all())
        return {str(row.enrolment_id): row for row in rows}

    def messages_id(self, run: str) -> str:
        """Return the id of the first message of a run."""
        program = self.programs[self.sequence_of[run]]
        return ledger_id(send_key(run, str(program.first), 1))

    def left(self) -> list[tuple[datetime, str]]:
        """Return when each message left, and the run it was of, in order."""
        rows = self.messages().values()
        return sorted((row.handing_over_at, str(row.enrolment_id)) for row in rows if row.handing_over_at)

    def said(self, run: str) -> list[Decision]:
        """Return what was decided about a run's messages."""
        theirs = select(Decision).where(Decision.enrolment_id == run, col(Decision.step).is_not(None))
        return list(self.workers[0].read_now(lambda session: session.exec(theirs.order_by(col(Decision.id))).all()))

    def read(self, table: type[Any]) -> list[Any]:
        """Return all rows of a table."""
        return list(self.workers[0].read_now(lambda session: session.exec(select(table)).all()))


def people(number: int, domain: str = "customer.example") -> list[str]:
    """Return addresses."""
    return [f"p{each}@{domain}" for each in range(number)]


def most_in(instants: Iterable[datetime], span: timedelta) -> int:
    """Return how many lie in the fullest span."""
    at = sorted(instants)
    return max((sum(each - span < one <= each for one in at) for each in at), default=0)
