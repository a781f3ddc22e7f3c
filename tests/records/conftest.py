from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from records.session import Database
from tests.databases import MIGRATE, lay_down
from tests.records import postgresql

BOTH = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.system)]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    if postgresql.binaries() is None:
        pytest.skip("no PostgreSQL on this machine: install the system's package 'postgresql'")
    with postgresql.server() as address:
        yield address


@pytest.fixture
def postgresql_url(server: str) -> Iterator[str]:
    """The address of a fresh, empty database."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{tmp_path}/records.db"


def make(kind: str, url: str) -> None:
    if url.startswith("sqlite"):
        lay_down(kind, url)
    else:
        MIGRATE[kind](url)


@pytest.fixture
def main(url: str) -> Iterator[Database]:
    make("main", url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def inbox(url: str) -> Iterator[Database]:
    make("inbox", url)
    database = Database(url)
    yield database
    database.close()
