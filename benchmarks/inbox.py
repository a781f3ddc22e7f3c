"""How many rows a second the inbox takes: `python -m benchmarks.inbox`, add `postgresql://…` to measure that.

Each figure is a median of three runs beside its reference, measured in the same run on the same disk: a bare driver
that inserts and commits row by row. Every row counted is on disk, as a form's answer promises.
"""

import asyncio
import itertools
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from records.inbox import accept
from records.migrate import migrate_inbox
from records.models import Inbox
from records.session import Database

RUNS = 3
WRITERS = (1, 50)
BODY = {"email": "ada@acme.example", "name": "Ada", "company": "Acme", "message": "Please call me back. " * 10}
_numbers = itertools.count()


def a_row() -> Inbox:
    now = datetime.now(UTC)
    return Inbox(key=f"bench-{now.timestamp()}-{next(_numbers)}", kind="form", source="own", received_at=now, body=BODY)


async def accepted_per_second(database: Database, writers: int, rows: int) -> tuple[float, float]:
    """Return accepted rows a second, and the time in ms within which 99 of 100 were answered."""
    took: list[float] = []

    async def write_on() -> None:
        for _ in range(rows // writers):
            asked = time.perf_counter()
            assert await database.write(partial(accept, row=a_row()))
            took.append(time.perf_counter() - asked)

    began = time.perf_counter()
    await asyncio.gather(*(write_on() for _ in range(writers)))
    rate = len(took) / (time.perf_counter() - began)
    return rate, sorted(took)[int(len(took) * 0.99)] * 1000


def bare_inserts_per_second(folder: Path, rows: int) -> float:
    """Return what SQLite itself does with one connection, one row and one durable commit at a time."""
    connection = sqlite3.connect(folder / f"bare-{next(_numbers)}.db", isolation_level=None)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE inbox (key UNIQUE, body)"):
        connection.execute(statement)
    began = time.perf_counter()
    for number in range(rows):
        connection.execute("INSERT INTO inbox VALUES (?, ?)", [f"bench-{number}", json.dumps(BODY)])
    rate = rows / (time.perf_counter() - began)
    connection.close()
    return rate


async def measure(url: str | None = None, rows: int = 2000) -> dict[str, float]:
    """Return the median of each figure, by name. Without `url`, a SQLite file in a folder that is removed again."""
    with tempfile.TemporaryDirectory() as folder:
        address = url or f"sqlite:///{folder}/inbox.db"
        migrate_inbox(address)
        figures: dict[str, list[float]] = {}
        async with Database(address) as database:
            for _ in range(RUNS):
                bare = bare_inserts_per_second(Path(folder), rows // 4)
                figures.setdefault("bare SQLite, rows/s", []).append(bare)
                for writers in WRITERS:
                    rate, p99 = await accepted_per_second(database, writers, rows if writers > 1 else rows // 4)
                    figures.setdefault(f"{writers} at once, rows/s", []).append(rate)
                    figures.setdefault(f"{writers} at once, p99 ms", []).append(p99)
    return {name: round(median(values), 1) for name, values in figures.items()}


def show(figures: dict[str, float], write: Callable[[str], Any] = print) -> None:
    for name, value in figures.items():
        write(f"{name:<24}{value:>10.1f}")


if __name__ == "__main__":
    show(asyncio.run(measure(next(iter(sys.argv[1:]), None))))
