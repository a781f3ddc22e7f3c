"""A PostgreSQL of the tests' own, from the machine's installed binaries.

They come with the system's package and need no container. A wheel that brings a server would be certain on every
machine, but weighs 41 MB and, run by root, adds a user to the system: that is not a test's business. Where no binaries
are found, the tests that need them are skipped and say so.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

START = 60  # seconds
NOTHING_IS_KEPT = ("fsync=off", "full_page_writes=off")

OTHERS_GO = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TABLES = """
SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'migration%'
"""
COUNT_ANEW = """
SELECT setval(quote_ident(sequencename)::regclass, start_value, false) FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


def binaries() -> Path | None:
    """Return the folder of `initdb` and `postgres`: the newest of Debian's, or that of the search path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    found = [str(debian[-1])] if debian else [shutil.which("initdb") or ""]
    folder = Path(found[0]).resolve().parent
    return folder if (folder / "postgres").exists() else None


def another_user() -> str | None:
    """Return whom the server runs as when we are root, which it refuses; None is ourselves."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def server() -> Iterator[str]:
    """Run a server that listens on a socket file only; give the address of its first database."""
    programs = binaries()
    assert programs is not None
    user = another_user()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if user:
        shutil.chown(folder, user)
    quick = [
        argument
        for setting in (*NOTHING_IS_KEPT, "listen_addresses=", "log_min_messages=fatal")
        for argument in ("-c", setting)
    ]
    try:
        data, log = folder / "data", folder / "log"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            capture_output=True,
            user=user,
            cwd="/",
        )
        with log.open("wb") as output:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", folder, *quick],
                stdout=output,
                stderr=output,
                user=user,
                cwd="/",
            )
        try:
            address = f"postgresql://tests@/postgres?host={folder}"
            _wait(address, process, log)
            yield address
        finally:
            process.terminate()
            _stopped(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def emptied(address: str) -> None:
    """Take every row out of a migrated database, as if nobody had ever written to it; who is connected has to go."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(OTHERS_GO)
        tables = [name for (name,) in connection.execute(TABLES)]
        asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)
        if written := [name for (name,) in connection.execute(asked.encode())]:
            connection.execute(f"TRUNCATE {', '.join(written)} CASCADE".encode())
        connection.execute(COUNT_ANEW)


def _wait(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START
    while True:
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            if time.monotonic() > until or process.poll() is not None:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from None
            time.sleep(0.05)
        else:
            return


def _stopped(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:  # it waits for whoever is still connected
        process.kill()
        process.wait()
