"""What messages and waves are measured on: a real Temporal server on a file, the local mail server, a worker, records.

All of it lies in a folder that is gone afterwards, on free ports of the loopback; the processes end with this one,
even if it is killed.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session, col, func, select
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from uuid_utils.compat import uuid7

from benchmarks.home import PROJECT, measured_home
from benchmarks.processes import cpu_seconds
from domain.keys import wave_id
from domain.program import Program
from domain.wave import Member, Wave
from records.contacts import record_consent
from records.migrate import migrate_inbox, migrate_main
from records.models import Contact, Enrolment, Identity, Interaction, Message
from records.published import publish
from records.session import Database
from settings import LOOPBACK, Settings
from starter.parts import Part, mail_part, temporal_part, with_free_ports
from starter.up import Stack

QUEUES = NOTHING, RECORDS, REAL = "bench-nothing", "bench-records", "bench-real"
"""Whose activities a task queue has: none that do anything; those that write the records alone; the real ones."""

RUN_EVENT = {"plan": "team"}


@dataclass(frozen=True)
class Ground:
    """The running parts. `database` is the one the worker writes to."""

    stack: Stack
    client: Client
    database: Database

    @property
    def settings(self) -> Settings:
        return self.stack.settings

    def cpu(self, part: str) -> float | None:
        """Return the processor seconds a part has used."""
        return cpu_seconds(self.stack.pid(part))

    async def waves(self, sequence: str, contacts: int, size: int) -> list[Wave]:
        """Return waves of new contacts that are in the records already, and have not begun."""
        program = measured_home().programs[sequence]
        waves = waves_of(program, contacts, size)
        for wave in waves:
            await self.database.write(lambda session, wave=wave: _enrol(session, wave))  # type: ignore[misc]
        return waves

    async def accepted(self) -> int:
        """Return how many messages of all were handed over."""
        counted = select(func.count()).select_from(Message).where(col(Message.state) == "accepted")
        return await self.database.read(lambda session: session.exec(counted).one())


def waves_of(program: Program, contacts: int, size: int) -> list[Wave]:
    """Return waves of `size` members each for contacts nobody has heard of."""
    now = datetime.now(UTC)
    members = [Member(enrolment=str(uuid7()), entered_at=now) for _ in range(contacts)]
    return [
        Wave(
            sequence=program.sequence,
            version=program.version,
            program=program,
            members=tuple(members[begin : begin + size]),
        )
        for begin in range(0, contacts, size)
    ]


def address(contact: str) -> str:
    """Return the address of a measured contact."""
    return f"{contact}@contacts.example"


def _enrol(session: Session, wave: Wave) -> None:
    """Write what stands in the records when a wave starts: contact, consent, the form, the enrolment."""
    name = wave_id(wave.sequence, str(uuid7()))
    for member in wave.members:
        _write_contact(session, member.enrolment, member.entered_at)
    session.flush()
    for member in wave.members:
        row = Enrolment(
            id=member.enrolment,
            contact_id=member.enrolment,
            sequence=wave.sequence,
            version=wave.version,
            event=RUN_EVENT,
            state="running",
            wave=name,
            entered_at=member.entered_at,
            started_at=member.entered_at,
        )
        session.add(row)


def _write_contact(session: Session, contact: str, now: datetime) -> None:
    email = address(contact)
    row = Contact(id=contact, email=email, language="en", country="SE", created_at=now, updated_at=now)
    row.first_name, row.last_name, row.company = "Anna", "Bergström", "Fjällmat AB"
    session.add(row)
    session.flush()
    told = {"form": "demo-request", "source": "json", **RUN_EVENT}
    session.add(Identity(contact_id=contact, kind="email", value=email, recorded_at=now))
    session.add(Interaction(contact_id=contact, key=contact, name="form_submitted", at=now, data=told))
    record_consent(session, contact, "product-news", "opted_in", now, basis="consent", source="form demo-request")


def prepare_records(settings: Settings) -> Database:
    """Return the main database, migrated, with the measured home published; the caller closes it."""
    migrate_main(settings.database_url)
    migrate_inbox(settings.inbox_url)
    database = Database(settings.database_url)
    home = measured_home()
    database.write_now(lambda session: publish(session, home.files, home.programs, datetime.now(UTC)))
    return database


def settings_in(folder: str) -> Settings:
    """Return settings for parts that keep everything in `folder` and listen on free ports."""
    return with_free_ports(
        Settings(
            home=PROJECT,
            state=Path(folder),
            web_port=0,
            temporal_port=0,
            temporal_ui_port=0,
            mailbox_smtp_port=0,
            mailbox_http_port=0,
            inbound_smtp_port=0,
        )
    )


def worker_part(queues: Sequence[str]) -> Part:
    """Return the process that works on these task queues; see benchmarks/carrier.py."""
    return Part(
        name="worker",
        command=(sys.executable, "-m", "benchmarks.carrier", *queues),
        ready="^worker ready",
        stop_within=20,
    )


def unsaid(line: str) -> None:
    """Swallow what a stack has to say; a part that cannot start raises."""


@asynccontextmanager
async def ground(queues: Sequence[str] = QUEUES) -> AsyncIterator[Ground]:
    """Start everything, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        settings = settings_in(folder)
        database = await asyncio.to_thread(prepare_records, settings)
        parts = [temporal_part(settings), mail_part(settings), worker_part(queues)]
        try:
            with Stack(settings, parts=parts, say=unsaid) as stack:
                target = f"{LOOPBACK}:{settings.temporal_port}"
                client = await Client.connect(target, data_converter=pydantic_data_converter)
                yield Ground(stack, client, database)
        finally:
            await asyncio.to_thread(database.close)
