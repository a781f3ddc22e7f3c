"""What an event costs the one drainer, by how many runs the contact is in: each is asked whether it ends.

The runs wait in a sequence with a goal, an exit by event and an exit by condition. What is measured is everything that
follows from an event, in its transaction, in this process; no Temporal runs.
"""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from statistics import median
from uuid import uuid4

from sqlmodel import Session

from benchmarks.ground import prepare_records, settings_in
from benchmarks.home import WAITING
from benchmarks.measures import Report, Sample, Scale
from domain.keys import wave_id
from records.contacts import find_or_make
from records.entries import enter
from records.models import Contact
from records.published import Published
from records.session import Database
from records.timeline import Happening, record

EVENTS = (200, 50, 10)
OPEN_RUNS = (0, 1, 20)
MOST_SECONDS = 30
LIMITS = "Python: reading the contact's timeline and standing, asking each run's conditions, noting who has to look"


async def measure(scale: Scale) -> Report:
    """Return the time an event takes, for contacts in no sequence, in one, and in twenty."""
    reference = _name(0)
    report = Report("an event written down", LIMITS, {_name(runs): reference for runs in OPEN_RUNS if runs})
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        database = await asyncio.to_thread(prepare_records, settings_in(folder))
        async with database:
            for _ in scale.rounds(MOST_SECONDS):
                for runs in OPEN_RUNS:
                    report.add(_name(runs), await _events(database, runs, scale.of(*EVENTS)))
    return report


def _name(runs: int) -> str:
    return f"for a contact in {runs} runs" if runs != 1 else "for a contact in 1 run"


async def _events(database: Database, runs: int, events: int) -> Sample:
    published = Published()
    contact = await database.write(partial(_who_waits, published, runs))
    took = [await database.write(partial(_tell, published, contact, "opened")) for _ in range(events)]
    ended = await database.write(partial(_tell, published, contact, "meeting_booked"))
    return {"ms": median(took) * 1000, "ms to end all": ended * 1000, "events": float(events)}


def _who_waits(published: Published, runs: int, session: Session) -> str:
    """Make a contact who is in so many runs, each carried by a wave of its own."""
    now = datetime.now(UTC)
    contact = find_or_make(session, {"email": f"{uuid4().hex}@contacts.example"}, "benchmark", now)
    program = published.named(session, WAITING)
    assert program is not None
    for _ in range(runs):
        _, run = enter(session, published, program, contact, now)
        assert run is not None
        run.state, run.wave, run.started_at = "running", wave_id(WAITING, uuid4().hex), now
        session.add(run)
    return contact.id


def _tell(published: Published, contact: str, event: str, session: Session) -> float:
    """Write an event down with all that follows; return the seconds it took, without the shared commit."""
    now, begun = datetime.now(UTC), time.perf_counter()
    known = session.get(Contact, contact)
    assert known is not None
    record(session, published, known, Happening(key=uuid4().hex, name=event, at=now), now, changed=False)
    session.flush()
    return time.perf_counter() - begun
