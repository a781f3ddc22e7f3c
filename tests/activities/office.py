"""Rows of the inbox drained into a real database, one after the other, and what the records say then."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from activities.received import apply
from domain.loader import load
from records.consenting import reasons_against, said_by
from records.contacts import find, suppress
from records.falling_due import all_due, see_to
from records.inbox_models import Inbox
from records.models import Consent, Contact, Drained, Enrolment, Interaction, Message
from records.published import Published, publish
from records.session import Database
from tests.databases import lay_down
from tests.domain.kit import POLICIES, Templates

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANN = "ann@acme.example"

FORM = """
fields: {email: mail}
consent:
  - {topic: product-news, answer: news, wording: "Yes, write to me.", confirm: true}
"""
PLAIN = """
fields: {email: mail}
consent:
  - {topic: product-news, answer: news, wording: "Yes, write to me."}
"""
FILES = POLICIES | {
    "policies/forms/newsletter.yaml": FORM,
    "policies/forms/plain.yaml": PLAIN,
    "sequences/confirm.yaml": """
enter: {on: {event: consent_requested}, per: run.event.topic, again: after_exit 1 hour}
steps:
  - send: confirm/yes
  - wait_for: consent_confirmed
    up_to: 72 hours
""",
    "sequences/news.yaml": "topic: product-news\nenter: {on: {form: newsletter}}\nsteps: [{send: welcome/hello}]",
}
TEMPLATES = Templates({"confirm/yes": "transactional", "welcome/hello": "marketing"})


class Office:
    """A database with what is published, and one contact who does things. Instants are given as time since noon."""

    def __init__(self, database: Database) -> None:
        self.database, self.published, self.numbers = database, Published(), count(1)

    def drain(self, kind: str, at: timedelta = timedelta(), **more: Any) -> str:
        """Drain a row; return what it became."""
        number = next(self.numbers)
        received = NOON + at
        given: dict[str, Any] = {"id": number, "key": f"row/{number}", "source": "test"}
        row = Inbox(**given | {"kind": kind, "received_at": received} | more)

        def work(session: Session) -> str:
            apply(session, self.published, row, received + timedelta(seconds=1))
            done = session.get(Drained, number)
            assert done is not None
            return done.did

        did = self.database.write_now(work)
        self._see_to_due(received + timedelta(seconds=1))
        return did

    def _see_to_due(self, now: datetime) -> None:
        """Do what the drainer does behind every hundred rows."""
        for due in self.database.read_now(lambda session: all_due(session, now, 10)):
            self.database.write_now(lambda session, due=due: see_to(session, self.published, due, now))  # type: ignore[misc]

    def submit(self, form: str, at: timedelta = timedelta(), **body: Any) -> str:
        """Submit a form with the box ticked."""
        return self.drain("form", at, form=form, body={"answers": {"mail": ANN, "news": "yes"}} | body)

    def event(self, name: str, at: timedelta = timedelta(), **data: Any) -> str:
        return self.drain("event", at, body={"event": name, "contact": {"email": ANN}, "data": data})

    def wish(self, kind: str, at: timedelta = timedelta(), **body: Any) -> str:
        """Do something on a page that a link leads to."""
        key = body.pop("key", None)
        body = {"contact": self.contact().id, "message": "m" * 32} | body
        return self.drain(kind, at, body=body, **({"key": key} if key else {}))

    def confirm(self, at: timedelta, made: timedelta = timedelta()) -> str:
        made_at = (NOON + made).isoformat()
        self.database.write_now(self._keep_message)
        return self.wish("confirmation", at, topic="product-news", channel="email", made_at=made_at)

    def _keep_message(self, session: Session) -> None:
        about: dict[str, Any] = {"channel": "email", "template": "confirm/yes", "bundle": "sha256:b"}
        about |= {"class_": "transactional", "message_id": "<m@acme.example>", "state": "accepted"}
        session.merge(Message(id="m" * 32, send_key="k", contact_id=self._ann(session).id, **about))

    def suppress(self, reason: str) -> None:
        self.database.write_now(lambda session: suppress(session, "contact", self._ann(session).id, reason, NOON))

    def contact(self) -> Contact:
        return self.database.read_now(self._ann)

    def _ann(self, session: Session) -> Contact:
        contact = find(session, ANN)
        assert contact is not None
        return contact

    def says(self) -> dict[str, str]:
        """Return what holds of every topic by e-mail."""
        said = self.database.read_now(lambda session: said_by(session, self._ann(session).id))
        return {topic: state for (topic, channel), state in said.items() if channel == "email"}

    def against(self) -> set[str]:
        return self.database.read_now(lambda session: reasons_against(session, self._ann(session)))

    def proofs(self) -> list[Consent]:
        return self._all(select(Consent).order_by(col(Consent.id)))

    def timeline(self) -> list[str]:
        return [row.name for row in self._all(select(Interaction).order_by(col(Interaction.id)))]

    def happened(self, name: str) -> list[dict[str, Any]]:
        return [row.data for row in self._all(select(Interaction)) if row.name == name]

    def runs(self) -> list[tuple[str, datetime, str | None]]:
        """Return the sequences that were entered, when, and how they ended."""
        rows = self._all(select(Enrolment).order_by(col(Enrolment.entered_at), col(Enrolment.sequence)))
        return [(row.sequence, row.entered_at, row.end_reason) for row in rows]

    def _all(self, question: Any) -> list[Any]:
        return self.database.read_now(lambda session: list(session.exec(question)))


@contextmanager
def opened(folder: Path, **files: str) -> Iterator[Office]:
    """Open an office in a folder."""
    url = f"sqlite:///{folder / 'main.db'}"
    lay_down("main", url)
    database = Database(url)
    loaded = load(FILES | files, TEMPLATES)
    assert loaded.errors() == []
    database.write_now(lambda session: publish(session, FILES | files, loaded.programs, NOON))
    try:
        yield Office(database)
    finally:
        database.close()
