"""A team with tasks: a real database, the rules of production, and who posts notes to staff, at a time of our own."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from activities.post import MailSettings
from activities.staff_letters import StaffLetters
from activities.staff_post import StaffPost
from channels.base import Accepted, BeforeBody, Channel, Envelope, Refused, SenderFault, Unavailable
from channels.smtp import Relay, SmtpPool
from domain.follow_up_actions import Action
from domain.keys import Tokens
from records.contacts import find_or_make
from records.follow_up_models import FollowUp, StaffNote
from records.follow_up_openings import Opening
from records.follow_ups import act, look, open_follow_up
from records.models import Contact
from records.published import Published, publish
from records.sending_models import ChannelState, Notice
from records.session import Database
from records.timeline import record
from rendering.process import Renderer
from tests.databases import lay_down
from tests.domain.kit import POLICIES

# A Monday, ten o'clock in Berlin.
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LEASE = timedelta(minutes=6)

TEAMS = """
people:
  ada: {name: Ada Byron, email: ada@acme.example}
  bob: {name: Bob Boole, email: bob@acme.example}
  lea: {name: Lea Lead, email: lea@acme.example}
teams:
  sales: {label: Sales, email: sales@acme.example, members: [ada], lead: lea}
"""
MESSAGING = POLICIES["policies/messaging.yaml"].replace("{name: Acme,", "{name: Acme, locale: en-GB,")
FILES = POLICIES | {"policies/teams.yaml": TEAMS, "policies/messaging.yaml": MESSAGING}


@dataclass
class Room:
    """Tasks and what is told of them. `now` is what every clock here shows."""

    database: Database
    published: Published
    renderer: Renderer
    settings: MailSettings
    now: datetime = MONDAY
    contact: str = ""
    posters: list[StaffPost] = field(default_factory=list)

    def poster(self, channel: Channel, chat: Channel | None = None) -> StaffPost:
        """Return a worker's part that posts by these channels."""
        channels = {"email": channel, "chat": chat or channel}
        return StaffPost(
            self.database,
            Published(),
            StaffLetters(self.renderer, self.settings, {"service": "teams"}),
            channels,
            lambda: self.now,
        )

    def publish(self, **files: str) -> None:
        self.now += timedelta(seconds=1)  # the newest counts
        self.database.write_now(lambda session: publish(session, FILES | files, {}, self.now))

    def open(self, title: str = "Call them", **more: Any) -> str:
        """Open a task for the contact; return its id."""

        def work(session: Session) -> str:
            contact = session.get_one(Contact, self.contact)
            opening = Opening(title, **{"team": "sales", "policy": "hot", "source": "rule hot"} | more)
            kept = open_follow_up(session, self.published.policies(session), contact, opening, self.now)
            for each in kept.told:
                record(session, self.published, contact, each, self.now)
            return kept.row.id

        return self.database.write_now(work)

    def act(self, id: str, action: Action) -> str | None:
        def work(session: Session) -> str | None:
            kept = act(session, self.published, id, action, f"{action.do}/{self.now}", self.now)
            return kept.refusal if kept is not None else "there is none"

        return self.database.write_now(work)

    def ring(self, id: str, after: timedelta) -> None:
        """Let time pass, and ring what is due."""
        self.now += after
        self.database.write_now(lambda session: look(session, self.published, id, self.now, asked=False))

    def change(self, **values: Any) -> None:
        """Change what we know of the contact."""

        def work(session: Session) -> None:
            contact = session.get_one(Contact, self.contact)
            for name, value in values.items():
                setattr(contact, name, value)
            session.add(contact)

        self.database.write_now(work)

    def notes(self) -> list[StaffNote]:
        return self._all(select(StaffNote).order_by(col(StaffNote.at), col(StaffNote.id)))

    def note(self) -> StaffNote:
        (row,) = self.notes()
        return row

    def task(self, id: str) -> FollowUp:
        return self.database.read_now(lambda session: session.get_one(FollowUp, id))

    def notices(self) -> list[Notice]:
        return self._all(select(Notice))

    def channels(self) -> list[ChannelState]:
        return self._all(select(ChannelState))

    def _all(self, question: Any) -> list[Any]:
        return self.database.read_now(lambda session: list(session.exec(question)))


@asynccontextmanager
async def staff_room(url: str, inbound: str = "in.acme.example") -> AsyncIterator[Room]:
    """Open a room in an empty database."""
    lay_down("main", url)
    settings = MailSettings(
        public_url="https://crm.acme.example",
        message_host="mail.acme.example",
        secret="s" * 16,
        tokens=Tokens(["s" * 16]),
        lease=LEASE,
        inbound_host=inbound,
    )
    async with Database(url) as database, Renderer() as renderer:
        room = Room(database, Published(), renderer, settings, now=MONDAY - timedelta(seconds=1))
        room.publish()
        room.contact = database.write_now(
            lambda session: find_or_make(session, {"email": "ann@customer.example"}, "form", MONDAY).id
        )
        room.change(first_name="Ann", last_name="Lee", company="Lee & Co", phone="+49 30 1234567")
        yield room


@asynccontextmanager
async def mailing(port: int) -> AsyncIterator[SmtpPool]:
    """Open a way to a mail server of a test."""
    relay = Relay(host="127.0.0.1", port=port, tls="none", local_hostname="mail.acme.example", reply_timeout=5)
    async with SmtpPool(relay) as pool:
        yield pool


def read(body: bytes) -> EmailMessage:
    """Return a letter as a mail program reads it."""
    found = message_from_bytes(body, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(letter: EmailMessage) -> str:
    part = letter.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def links_in(letter: EmailMessage) -> list[str]:
    return re.findall(r'href="([^"]+)"', html_of(letter))


def database_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'main.db'}"


@dataclass
class Scripted:
    """A channel that does what it is told, one letter after the other; then it takes everything."""

    script: list[Exception | None] = field(default_factory=list)
    sent: list[Envelope] = field(default_factory=list)
    at_body: Callable[[], Any] = lambda: None
    begins: bool = True

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        answer = self.script.pop(0) if self.script else None
        if isinstance(answer, Unavailable | Refused | SenderFault) and not self.begins:
            raise answer
        self.at_body()
        await before_body()
        if answer is not None:
            raise answer
        self.sent.append(letter)
        return Accepted("taken")


async def posted(room: "Room", *script: Exception | None) -> Scripted:
    channel = Scripted(list(script))
    await room.poster(channel).look()
    return channel
