"""A company with many contacts and one broadcast to those of them who are warm, for tests of broadcasts."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from domain.broadcast import Announcement, as_file
from domain.loader import load, load_sequence
from records.audience import page_of, take_down
from records.broadcast_models import Broadcast, BroadcastMember
from records.broadcasts import held, make
from records.contacts import change, record_consent
from records.letting_in import let_in
from records.models import Contact, Decision, Enrolment
from records.published import Published, publish
from records.session import Database
from records.timeline import record_changed
from tests.domain.kit import POLICIES, TEMPLATES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEGMENTS = "segments: {warm: {when: contact.score >= 50}}"
FILES = {**POLICIES, "policies/segments.yaml": SEGMENTS}


@dataclass
class Mailing:
    """A database with contacts `c-000` … who are warm and opted in, and the broadcast `sale` to those who are warm."""

    database: Database
    published: Published = field(default_factory=Published)
    id: str = "b1"

    def open(self, contacts: int = 10, **changed: Any) -> "Mailing":
        loaded = load(FILES, TEMPLATES)
        assert not loaded.errors()
        self.database.write_now(lambda session: publish(session, FILES, loaded.programs, NOW))
        for number in range(contacts):
            self.add(f"c-{number:03}")
        self.make(**changed)
        return self

    def make(self, **changed: Any) -> None:
        said = Announcement(name="sale", template="welcome/hello", other=changed.get("other"), topic="product-news")
        policies = self.database.read_now(self.published.policies)
        program, problems = load_sequence("sequences/broadcast-sale.yaml", as_file(said), policies, TEMPLATES)
        assert program is not None, problems
        row = Broadcast(
            id=self.id,
            name="sale",
            sequence=said.sequence,
            version="",
            template=said.template,
            segment="warm",
            class_="marketing",
            topic="product-news",
            state="snapshotting",
            taken_at=NOW,
            created_at=NOW,
            created_by="test",
        )
        for name, value in changed.items():
            setattr(row, name, value)

        def write(session: Session) -> None:
            make(session, row, program, self.published.bundle(session) or "", NOW)

        self.database.write_now(write)

    def add(self, name: str, at: datetime = NOW, score: int = 60, consent: str = "opted_in") -> None:
        def work(session: Session) -> None:
            contact = Contact(id=name, email=f"{name}@acme.example", created_at=at, updated_at=at)
            session.add(contact)
            session.flush()
            change(session, contact, {"score": score}, at)
            record_changed(session, self.published, contact, at)
            if consent:
                record_consent(session, name, "product-news", consent, at, basis="consent", source="test")

        self.database.write_now(work)

    def set(self, name: str, at: datetime, **fields: Any) -> None:
        def work(session: Session) -> None:
            contact = session.get(Contact, name)
            assert contact is not None
            change(session, contact, fields, at)
            record_changed(session, self.published, contact, at)

        self.database.write_now(work)

    def page(self, most: int = 500) -> bool:
        """Take the next page down; return whether it was written."""
        row = self.row()
        page = self.database.read_now(
            lambda session: page_of(session, self.published, row.segment, row.reached, row.taken_at or NOW, most)
        )
        return self.database.write_now(lambda session: take_down(session, self.id, row.reached, page))

    def take_down(self) -> list[str]:
        """Take everybody down; return who is in the audience."""
        while self.row().state == "snapshotting":
            self.page()
        return [member.contact_id for member in self.members()]

    def let_in(self, now: datetime = NOW) -> int:
        return self.database.write_now(lambda session: self.let_in_within(session, now))

    def let_in_within(self, session: Session, now: datetime = NOW) -> int:
        row = held(session, self.id)
        assert row is not None
        return let_in(session, self.published, row, now)

    def row(self) -> Broadcast:
        row = self.database.read_now(lambda session: session.get(Broadcast, self.id))
        assert row is not None
        return row

    def members(self) -> list[BroadcastMember]:
        of_it = select(BroadcastMember).order_by(col(BroadcastMember.id))
        return list(self.database.read_now(lambda session: session.exec(of_it).all()))

    def fates(self) -> dict[str, str]:
        """Return what became of each, with the check that refused them."""
        return {each.contact_id: f"{each.state} {each.reason or ''}".strip() for each in self.members()}

    def runs(self) -> list[Enrolment]:
        of_it = select(Enrolment).where(Enrolment.sequence == "broadcast-sale").order_by(Enrolment.contact_id)
        return list(self.database.read_now(lambda session: session.exec(of_it).all()))

    def decided(self) -> dict[str, list[str]]:
        rows = select(Decision).where(Decision.kind == "entry").order_by(col(Decision.id))
        found: dict[str, list[str]] = {}
        for row in self.database.read_now(lambda session: session.exec(rows).all()):
            found.setdefault(row.contact_id, []).append(row.did)
        return found

    def count(self, table: type[Any]) -> int:
        return self.database.read_now(lambda session: session.exec(select(func.count()).select_from(table)).one())
