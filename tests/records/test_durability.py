import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from records.migrate import migrate_main
from records.session import Database
from tests.records.works import LONG, suppressed

ROOT = Path(__file__).parent.parent.parent
BEGINNING = """
import asyncio, resource, sys
from records.session import Database
from tests.records.works import suppress
database = Database(sys.argv[1])
def tell(value):
    print(value, flush=True)
"""
WRITES_FOR_EVER = """
async def writes(name):
    for number in range(1_000_000):
        tell(await database.write(suppress(f"{name}-{number}")))
async def main():
    await asyncio.gather(*(writes(name) for name in "abcdefgh"))
asyncio.run(main())
"""
WRITES_MANY = """
async def main():
    names = [f"{sys.argv[2]}-{number}" for number in range(200)]
    for each in asyncio.as_completed([database.write(suppress(name)) for name in names[:150]]):
        tell(await each)
    for name in names[150:]:
        tell(await database.write(suppress(name)))
asyncio.run(main())
database.close()
"""
WRITES_ON_A_FULL_DISK = """
def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
def write(name):
    try:
        tell(database.write_now(suppress(name)))
    except Exception as error:
        print(type(error).__name__, file=sys.stderr, flush=True)
        return False
    return True
async def crowd(name):
    return await asyncio.gather(*(database.write(suppress(f"{name}-{n}")) for n in range(80)), return_exceptions=True)
limit(400_000)
number = 0
while write(f"before-{number}"):
    number += 1
for value in asyncio.run(crowd("crowd")):
    if isinstance(value, str):
        tell(value)
limit(resource.RLIM_INFINITY)
for number in range(20):
    assert write(f"after-{number}")
database.close()
"""

pytestmark = pytest.mark.system


@contextmanager
def child(code: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", BEGINNING + code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def kept(url: str) -> list[str]:
    database = Database(url)
    try:
        return database.read_now(suppressed)
    finally:
        database.close()


@pytest.mark.parametrize("acknowledged", [1, 100])
def test_a_process_killed_after_it_acknowledged_has_lost_nothing(url: str, acknowledged: int) -> None:
    migrate_main(url)

    with child(WRITES_FOR_EVER, url) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(acknowledged)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.read().split("\n")[:-1]  # a line cut off in the middle was not told

    rows = kept(url)
    assert len(told) >= acknowledged
    assert set(told) <= set(rows)
    assert len(rows) == len(set(rows))


def test_two_processes_that_write_the_same_database_lose_nothing(url: str) -> None:
    migrate_main(url)

    with child(WRITES_MANY, url, "one") as one, child(WRITES_MANY, url, "two") as two:
        told = [line for process in (one, two) for line in process.communicate(timeout=LONG)[0].split()]

    assert sorted(kept(url)) == sorted(told)
    assert len(told) == 400


def test_a_full_disk_is_told_and_the_writer_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/main.db"
    migrate_main(url)

    with child(WRITES_ON_A_FULL_DISK, url) as process:
        output, errors = process.communicate(timeout=LONG)

    assert process.returncode == 0, errors
    assert errors.startswith("OperationalError")
    told = output.split()
    assert told[0] == "before-0"
    assert told[-1] == "after-19"
    assert sorted(kept(url)) == sorted(told)


async def test_closing_leaves_a_file_that_can_be_copied_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/main.db"
    migrate_main(url)
    async with Database(url) as database:
        await asyncio.gather(*(database.write(lambda _: None) for _ in range(3)))

    assert not (tmp_path / "main.db-wal").exists()
