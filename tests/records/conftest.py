from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from records.session import Database
from tests.databases import MIGRATE, lay_down
from tests.records import postgresql

# Files whose tests do more to a database than write rows into it: nobody else gets it afterwards.
MORE_THAN_ROWS = ("test_plans", "test_session", "test_models")
BOTH = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.system)]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    if postgresql.binaries() is None:
        pytest.skip("no PostgreSQL on this machine: install the system's package 'postgresql'")
    with postgresql.server() as address:
        yield address


@pytest.fixture(scope="session")
def patterns(server: str) -> dict[frozenset[str], str]:
    """The names of databases on that server that were migrated once, by what is in them; to be copied, never used."""
    return {}


def pattern(server: str, patterns: dict[frozenset[str], str], kinds: frozenset[str]) -> str:
    """Return the name of the database in which just these kinds of records are laid down."""
    if not kinds:
        return "template1"
    if kinds not in patterns:
        name = "_and_".join(sorted(kinds))
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        for kind in sorted(kinds):
            MIGRATE[kind](address(server, name))
        patterns[kinds] = name
    return patterns[kinds]


def address(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def spare(server: str) -> dict[frozenset[str], list[str]]:
    """The names of migrated databases that tests have used and emptied, by what is in them."""
    return {}


@pytest.fixture
def postgresql_url(
    server: str,
    patterns: dict[frozenset[str], str],
    spare: dict[frozenset[str], list[str]],
    request: pytest.FixtureRequest,
) -> Iterator[str]:
    """The address of a database of one's own: empty, or migrated for who asks for `main` or `inbox`.

    Who only works in it by `main` or `inbox` hands it on; it is emptied, which takes a tenth of making one.
    """
    asked = set(request.fixturenames)
    kinds = frozenset(kind for kind in MIGRATE if {kind, f"postgresql_{kind}"} & asked)
    is_handed_on = "url" in asked and bool(kinds) and request.path.stem not in MORE_THAN_ROWS
    free = spare.setdefault(kinds, [])
    name = free.pop() if is_handed_on and free else made(server, pattern(server, patterns, kinds))
    yield address(server, name)
    if is_handed_on:
        postgresql.emptied(address(server, name))
        free.append(name)
    else:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def made(server: str, copied: str) -> str:
    """Make a database as a copy of another; return its name."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {copied}".encode())
    return name


@pytest.fixture
def postgresql_main(postgresql_url: str) -> str:
    """The address of a fresh database that is migrated."""
    return postgresql_url


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{tmp_path}/records.db"


@pytest.fixture
def main(url: str) -> Iterator[Database]:
    yield from opened("main", url)


@pytest.fixture
def inbox(url: str) -> Iterator[Database]:
    yield from opened("inbox", url)


def opened(kind: str, url: str) -> Iterator[Database]:
    if url.startswith("sqlite"):
        lay_down(kind, url)
    database = Database(url)
    yield database
    database.close()
