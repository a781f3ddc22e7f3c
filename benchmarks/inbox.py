"""How many rows a second the inbox takes: `python -m benchmarks.inbox`, add `postgresql://…` to measure that.

Each figure stands beside its reference, measured in the same run on the same disk: a bare driver that inserts and
commits row by row. Every row counted is on disk, as a form's answer promises.
"""

import asyncio
import itertools
import json
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.measures import Report, Sample, Scale
from records.inbox import accept
from records.migrate import migrate_inbox
from records.models import Inbox
from records.session import Database

ROWS = (2000, 500, 50)
WRITERS = (1, 50)
MOST_SECONDS = 20
BODY = {"email": "ada@acme.example", "name": "Ada", "company": "Acme", "message": "Please call me back. " * 10}
BARE = "bare SQLite, row by row"
LIMITS = "one at a time by the hand-over between threads and SQLAlchemy's work; many at once by Python and the disk"
_numbers = itertools.count()


def a_row() -> Inbox:
    now = datetime.now(UTC)
    return Inbox(key=f"bench-{now.timestamp()}-{next(_numbers)}", kind="form", source="own", received_at=now, body=BODY)


async def accepted(database: Database, writers: int, rows: int) -> Sample:
    """Return accepted rows a second, and the time in ms within which 99 of 100 were answered."""
    took: list[float] = []

    async def write_on() -> None:
        for _ in range(rows // writers):
            asked = time.perf_counter()
            assert await database.write(partial(accept, row=a_row()))
            took.append(time.perf_counter() - asked)

    began = time.perf_counter()
    await asyncio.gather(*(write_on() for _ in range(writers)))
    return {"rows/s": len(took) / (time.perf_counter() - began), "p99 ms": sorted(took)[int(len(took) * 0.99)] * 1000}


def bare_inserts(folder: Path, rows: int) -> Sample:
    """Return what SQLite itself does with one connection, one row and one durable commit at a time."""
    connection = sqlite3.connect(folder / f"bare-{next(_numbers)}.db", isolation_level=None)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE inbox (key UNIQUE, body)"):
        connection.execute(statement)
    began = time.perf_counter()
    for number in range(rows):
        connection.execute("INSERT INTO inbox VALUES (?, ?)", [f"bench-{number}", json.dumps(BODY)])
    rate = rows / (time.perf_counter() - began)
    connection.close()
    return {"rows/s": rate}


async def measure(scale: Scale, url: str | None = None) -> Report:
    """Return the figures. Without `url`, of a SQLite file in a folder that is removed again."""
    names = {writers: f"{writers} at once" for writers in WRITERS}
    report = Report("rows into the inbox", LIMITS, dict.fromkeys(names.values(), BARE))
    rows = scale.of(*ROWS)
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        place = url or f"sqlite:///{folder}/inbox.db"
        migrate_inbox(place)
        async with Database(place) as database:
            for _ in scale.rounds(MOST_SECONDS):
                report.add(BARE, bare_inserts(Path(folder), rows // 4))
                for writers, name in names.items():
                    report.add(name, await accepted(database, writers, rows if writers > 1 else rows // 4))
    return report


if __name__ == "__main__":
    for line in asyncio.run(measure(Scale(), next(iter(sys.argv[1:]), None))).lines():
        print(line)
