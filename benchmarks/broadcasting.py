"""A broadcast from the segment to the mail server: the audience taken down, let in by chunks, carried by waves."""

import asyncio
import time
from datetime import UTC, datetime
from uuid import uuid4

from sqlmodel import Session, col, update

from benchmarks.ground import REAL, Ground
from benchmarks.home import SEGMENT, SOURCE
from benchmarks.measures import Sample
from domain.keys import broadcast_workflow
from records.broadcasts import make
from records.models import Contact
from records.published import Published
from starter.broadcast_program import plan_broadcast
from starter.broadcast_wanted import Wanted

TEMPLATE = "welcome/hello"
LOOKS = 0.02  # seconds between two looks at the ledger
WITHIN = 300.0  # seconds a sample may take


async def broadcast(here: Ground, messages: int) -> Sample:
    """Write to so many new contacts; time runs from the workflow's start to the last message that is accepted."""
    await here.database.write(lambda session: _gather(session, messages))
    id, before = await here.database.write(_ask_for), await here.accepted()
    began = time.perf_counter()
    await here.client.start_workflow("Broadcast", id, id=broadcast_workflow(id), task_queue=REAL)
    async with asyncio.timeout(WITHIN):
        while True:
            if await here.accepted() - before >= messages:
                break
            await asyncio.sleep(LOOKS)
    seconds = time.perf_counter() - began
    return {"messages/s": messages / seconds, "ms a message": seconds * 1000 / messages}


def _gather(session: Session, contacts: int) -> None:
    """Write contacts that are the segment now; those of an earlier sample leave it."""
    session.exec(update(Contact).where(col(Contact.source) == SOURCE).values(source="measured before"))
    now = datetime.now(UTC)
    for _ in range(contacts):
        name = str(uuid4())
        row = Contact(id=name, email=f"{name}@contacts.example", source=SOURCE, created_at=now, updated_at=now)
        row.language, row.country, row.first_name = "en", "SE", "Anna"
        session.add(row)


def _ask_for(session: Session) -> str:
    now, name = datetime.now(UTC), f"measured-{uuid4().hex[:12]}"
    planned = plan_broadcast(session, Published(), Wanted(TEMPLATE, SEGMENT, name=name), now)
    return make(session, planned.row, planned.program, planned.bundle, now).id
