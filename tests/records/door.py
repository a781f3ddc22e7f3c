"""A company with sequences of every way in, and one contact at its doors, for tests of entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from domain.loader import load
from domain.program import Program
from records.contacts import change, find_or_make, record_consent
from records.entries import enter
from records.entry_models import DateEntry, Holdout, Membership, WaitingEntry
from records.falling_due import all_due, see_to
from records.models import Contact, Decision, Enrolment, Interaction
from records.published import Published, publish
from records.runs import end, open_runs
from records.session import Database
from records.timeline import Happening, record, record_changed
from tests.domain.kit import POLICIES, TEMPLATES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SEND = "topic: product-news\nsteps: [{send: welcome/hello}]\n"
SEGMENTS = """
segments:
  warm: {label: Warm, when: contact.score >= 50}
  hot: {when: "in_segment('warm') && did('trial_started', 7)"}
"""


@dataclass
class Door:
    """A database, sequences in it, and a contact: `ann@acme.example`, opted in to news unless told otherwise."""

    database: Database
    published: Published = field(default_factory=Published)
    policies: Mapping[str, str] = field(default_factory=dict)
    """What is published beside what all these tests have."""

    def publish(self, at: datetime = NOW, *, scoring: str | None = None, **sequences: str) -> None:
        """Publish sequences by their heads; all send one message about news."""
        files = {**POLICIES, "policies/segments.yaml": SEGMENTS}
        files |= {"policies/scoring.yaml": scoring} if scoring is not None else {}
        files |= self.policies
        files |= {f"sequences/{name.replace('_', '-')}.yaml": head + "\n" + SEND for name, head in sequences.items()}
        loaded = load(files, TEMPLATES)
        assert not loaded.errors(), [str(problem) for problem in loaded.errors()]
        self.database.write_now(lambda session: publish(session, files, loaded.programs, at))

    def ann(self, session: Session) -> Contact:
        return find_or_make(session, {"email": "ann@acme.example"}, "test", NOW)

    def consent(self, state: str = "opted_in") -> None:
        def work(session: Session) -> None:
            who = self.ann(session)
            record_consent(session, who.id, "product-news", state, NOW, basis="consent", source="test")

        self.database.write_now(work)

    def enter(self, sequence: str, at: datetime = NOW, **data: str) -> str:
        """Enrol by hand; return what was decided."""

        def work(session: Session) -> None:
            enter(session, self.published, self.program(session, sequence), self.ann(session), at, data=data)

        self.database.write_now(work)
        return self.decided()[-1]

    def program(self, session: Session, name: str) -> Program:
        program = self.published.named(session, name)
        assert program is not None
        return program

    def tell(self, name: str, at: datetime = NOW, **data: Any) -> None:
        happening = Happening(key=f"{name}/{at.isoformat()}", name=name, at=at, data=data)
        self.database.write_now(lambda session: record(session, self.published, self.ann(session), happening, at))

    def set(self, at: datetime = NOW, **fields: Any) -> None:
        """Change the record, as an update step or a form does."""

        def work(session: Session) -> None:
            who = self.ann(session)
            change(session, who, fields, at)
            record_changed(session, self.published, who, at)

        self.database.write_now(work)

    def end(self, sequence: str, at: datetime, reason: str = "completed") -> None:
        def work(session: Session) -> None:
            for run in open_runs(session, self.ann(session).id):
                if run.sequence == sequence:
                    end(session, self.published.program(session, run.version), run, reason, at, [])

        self.database.write_now(work)

    def come_due(self, now: datetime) -> int:
        """See to everything that is due at an instant, as the intake does; return how much it was."""
        dues = self.database.read_now(lambda session: all_due(session, now, 100))
        for due in dues:
            self.database.write_now(lambda session, due=due: see_to(session, self.published, due, now))  # type: ignore[misc]
        return len(dues)

    def decided(self) -> list[str]:
        """Return every decision at a door, in order."""

        def read(session: Session) -> list[str]:
            rows = session.exec(select(Decision).where(Decision.kind == "entry").order_by(col(Decision.id)))
            return [f"{row.sequence} {row.did}" for row in rows]

        return self.database.read_now(read)

    def why(self) -> list[str]:
        """Return the reasons of the last decision."""
        newest = select(Decision).where(Decision.kind == "entry").order_by(col(Decision.id).desc())
        return self.database.read_now(lambda session: session.exec(newest).first().why)  # type: ignore[union-attr]

    def runs(self) -> list[tuple[str, str | None]]:
        """Return every run with how it ended (None: it goes on), in the order in which they began."""
        rows = self.database.read_now(lambda session: session.exec(select(Enrolment).order_by(Enrolment.id)).all())
        return [(row.sequence, row.end_reason) for row in rows]

    def run(self) -> Enrolment:
        """Return the newest run."""
        newest = select(Enrolment).order_by(col(Enrolment.id).desc())
        row = self.database.read_now(lambda session: session.exec(newest).first())
        assert row is not None
        return row

    def rows(self, table: type[Any]) -> list[Any]:
        return list(self.database.read_now(lambda session: session.exec(select(table)).all()))

    def waiting(self) -> list[tuple[str, datetime]]:
        """Return the checks that put somebody off, and until when they are asked again."""
        return [(row.asks, row.until) for row in self.rows(WaitingEntry)]

    def members(self) -> list[str]:
        return sorted(row.segment for row in self.rows(Membership))

    def dates(self) -> list[tuple[str, datetime, bool]]:
        """Return every date: what is counted from, when it is due, whether it fired."""
        rows = sorted(self.rows(DateEntry), key=lambda row: (row.due_at, row.words))
        return [(row.occurrence, row.due_at, row.fired_at is not None) for row in rows]

    def held_out(self) -> list[datetime | None]:
        return [row.converted_at for row in self.rows(Holdout)]

    def happened(self, name: str) -> list[Mapping[str, Any]]:
        return [row.data for row in self.rows(Interaction) if row.name == name]
