"""A company that uses the whole thing: its parts run as real processes, its visitors fill in forms.

What is asked here is read from the databases and the mail, never from the processes' memory.
"""

import hmac
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import Session, col, func, select

from channels.mailbox_store import Mailbox
from records.inbox import accept
from records.models import Contact, Decision, Enrolment, Inbox, Message
from records.session import Database
from settings import LOOPBACK, Settings
from starter.publish import publish_home
from starter.up import Stack
from tests.system.authored import write, write_home
from tests.system.letters import Letter
from tests.system.waiting import PATIENCE, until

Row = TypeVar("Row")

EVENTS_KEY = "events-key-of-sixteen"
FORM_SECRET = "form-secret-of-sixteen"
REPLY_SECONDS, LEASE_SECONDS, REST_SECONDS = 3, 1, 1


@dataclass(frozen=True)
class Answer:
    """What the web process said."""

    status: int
    text: str


@dataclass
class Company:
    """A running stack, its databases, and the mail that left it."""

    stack: Stack
    main: Database
    inbox: Database
    letters: Callable[[], list[Letter]]

    @property
    def settings(self) -> Settings:
        return self.stack.settings

    # --- what people do --------------------------------------------------------------------------------------------

    def post(self, path: str, body: bytes, **headers: str) -> Answer:
        """POST to the web process, or to an address it gave."""
        url = path if path.startswith("http") else self.stack.addresses["web"] + path
        request = urllib.request.Request(url, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.read().decode())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.read().decode())

    def submit(self, form: str, email: str, **answers: Any) -> Answer:
        """Hand in a form."""
        delivery = {"id": str(uuid.uuid4()), "answers": {"email": email, **answers}}
        return self.post_signed(form, json.dumps(delivery).encode())

    def post_signed(self, form: str, body: bytes, secret: str = FORM_SECRET) -> Answer:
        """Post the body of a form service, signed."""
        signature = "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()
        return self.post(f"/forms/json/{form}", body, **{"X-Rapport-Signature": signature})

    def submit_all(self, form: str, emails: Sequence[str]) -> list[Answer]:
        """Hand in many forms, eight at a time."""
        with ThreadPoolExecutor(8) as people:
            return list(people.map(lambda email: self.submit(form, email), emails))

    def tell(self, event: str, email: str, **data: Any) -> Answer:
        """Report an event, as our own systems do."""
        told = {"id": str(uuid.uuid4()), "event": event, "contact": {"email": email}, "data": data}
        return self.report(told)

    def report(self, told: Any) -> Answer:
        """Post one event, or a list of them, as it stands."""
        return self.post("/events", json.dumps(told).encode(), Authorization=f"Bearer {EVENTS_KEY}")

    def put_into_inbox(self, rows: Sequence[Inbox]) -> None:
        """Put rows into the inbox in one transaction, as the web process does with what comes at once."""
        self.inbox.write_now(lambda session: [accept(session, row) for row in rows])

    def edit(self, path: str, text: str) -> list[str]:
        """Change a file of the home, or take it away (an empty text), and publish; return what is said of that."""
        return self.edit_all({path: text})

    def edit_all(self, texts: Mapping[str, str]) -> list[str]:
        """Change files of the home, or take them away (those with an empty text), and publish once."""
        for path, text in texts.items():
            if text:
                write(self.settings.home, path, text)
            else:
                (self.settings.home / path).unlink()
        return publish_home(self.settings)

    # --- what the records say --------------------------------------------------------------------------------------

    def enrolments(self, email: str, sequence: str | None = None) -> list[Enrolment]:
        """Return the runs of a contact."""

        def read(session: Session) -> list[Enrolment]:
            found = select(Enrolment).join(Contact, col(Contact.id) == col(Enrolment.contact_id))
            rows = session.exec(found.where(Contact.email == email).order_by(col(Enrolment.id))).all()
            return [row for row in rows if sequence in (None, row.sequence)]

        return self.main.read_now(read)

    def enrolment(self, email: str) -> Enrolment:
        """Return the one run of a contact."""
        (row,) = self.enrolments(email)
        return row

    def ended(self, email: str, within: float = PATIENCE) -> Enrolment:
        """Wait until the one run of a contact has ended; return it."""
        return until(
            lambda: next((row for row in self.enrolments(email) if row.ended_at), None), f"the end for {email}", within
        )

    def message(self, email: str, step: str) -> Message | None:
        """Return the ledger's row of a step of a contact."""

        def read(session: Session) -> Message | None:
            found = select(Message).join(Contact, col(Contact.id) == col(Message.contact_id))
            return session.exec(found.where(Contact.email == email, Message.step == step)).first()

        return self.main.read_now(read)

    def in_state(self, email: str, step: str, *states: str, within: float = PATIENCE) -> Message:
        """Wait until a message is in one of these states; return its row."""

        def look() -> Message | None:
            row = self.message(email, step)
            return row if row is not None and row.state in states else None

        return until(look, f"message {step} for {email} {' or '.join(states)}", within)

    def letters_to(self, email: str) -> list[Letter]:
        """Return the letters to an address that the mail server said it has."""
        return [letter for letter in self.letters() if letter.recipient == email and letter.accepted]

    def decisions(self, email: str, step: str) -> list[Decision]:
        """Return what was decided about a step of a contact."""

        def read(session: Session) -> list[Decision]:
            found = select(Decision).join(Contact, col(Contact.id) == col(Decision.contact_id))
            rows = session.exec(found.where(Contact.email == email, Decision.step == step).order_by(col(Decision.id)))
            return list(rows.all())

        return self.main.read_now(read)

    def count(self, table: type[Any], *where: Any) -> int:
        """Count rows of the main database, or of the inbox."""
        database = self.inbox if table is Inbox else self.main
        return database.read_now(
            lambda session: session.exec(select(func.count()).select_from(table).where(*where)).one()
        )

    def inbox_row(self, key: str) -> Inbox | None:
        """Return a row of the inbox."""
        return self.inbox.read_now(lambda session: session.exec(select(Inbox).where(Inbox.key == key)).first())

    def drained(self, within: float = PATIENCE) -> None:
        """Wait until nothing waits in the inbox."""
        waits = (col(Inbox.drained_at).is_(None), col(Inbox.parked_at).is_(None))
        until(lambda: self.count(Inbox, *waits) == 0, "an empty inbox", within)


def form_row(form: str, email: str, **answers: Any) -> Inbox:
    """Return the inbox row of a submission."""
    unique = str(uuid.uuid4())
    body = {"answers": {"email": email, **answers}, "submitted_at": None, "delivery": unique, "submission": None}
    return Inbox(
        key=f"json/{form}/{unique}", kind="form", source="json", form=form, received_at=datetime.now(UTC), body=body
    )


def settings_of(home: Path, **more: Any) -> Settings:
    """Return settings with free ports and short waits."""
    return Settings(
        home=home,
        web_port=0,
        temporal_port=0,
        temporal_ui_port=0,
        mailbox_smtp_port=0,
        mailbox_http_port=0,
        inbound_smtp_port=0,
        events_key=EVENTS_KEY,
        form_secrets={"json": [FORM_SECRET]},
        smtp_reply_seconds=REPLY_SECONDS,
        smtp_lease_seconds=LEASE_SECONDS,
        smtp_rest_seconds=REST_SECONDS,
        **more,
    )


def through(host: str, port: int) -> dict[str, Any]:
    """Return the settings that hand every message to this server."""
    return {"live": True, "smtp_host": host, "smtp_port": port, "smtp_tls": "none"}


@contextmanager
def founded(
    home: Path, letters: Callable[[], list[Letter]] | None = None, port: int = 0, **more: Any
) -> Iterator[Company]:
    """Run a company in an empty folder: with the local mail server, or the one at `port` whose `letters` these are."""
    write_home(home)
    settings = settings_of(home, **(through(LOOPBACK, port) if port else {}), **more)
    with Stack(settings, say=_unheard) as stack, opened(stack, letters) as company:
        yield company


@contextmanager
def opened(stack: Stack, letters: Callable[[], list[Letter]] | None = None) -> Iterator[Company]:
    """Look into the databases and the mail of a stack."""
    main, inbox = Database(stack.settings.database_url), Database(stack.settings.inbox_url)
    try:
        yield Company(stack, main, inbox, letters or kept_in(stack.settings.state / "mail"))
    finally:
        main.close()
        inbox.close()


def kept_in(folder: Path) -> Callable[[], list[Letter]]:
    """Return a reader of what the local mail server keeps."""
    mailbox = Mailbox(folder)

    def read() -> list[Letter]:
        return [Letter(kept.recipient.lower(), kept.message_id, mailbox.raw(kept.number)) for kept in mailbox.list()]

    return read


def _unheard(line: str) -> None:
    """Nobody listens."""
