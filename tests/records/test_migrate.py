import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, MetaData, Table, func, insert, inspect, select

from migrations.revise import revise
from records.engine import open_engine
from records.migrate import MIGRATIONS, DatabaseProblem, TooNew, configuration, migrate_inbox, migrate_main
from records.models import InboxRecord, Record

ROOT = Path(__file__).parent.parent.parent
MIGRATE: dict[str, Callable[..., None]] = {"main": migrate_main, "inbox": migrate_inbox}
METADATA = {"main": Record.metadata, "inbox": InboxRecord.metadata}
NOON = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
each_database = pytest.mark.parametrize("name", ["main", "inbox"])

# What a check constraint asks for, where it is not the word a column gets otherwise.
ALLOWED: dict[str, Any] = {
    "follow_up.ended": "completed",
    "staff_note.state": "accepted",
    "remedy_delivery.step": "voucher",
    "remedy_delivery.state": "done",
    "remedy_delivery.undo": "undone",
    "staff_note.channel": "email",
    "broadcast.state": "sending",
    "broadcast_member.state": "entered",
    "consent.state": "opted_in",
    "suppression.kind": "contact",
    "enrolment.state": "ended",
    "message.state": "accepted",
    "inbox.kind": "form",
    "channel_state.kind": "fault",
}


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def shape(engine: Engine, metadata: MetaData) -> dict[str, Any]:
    """Return everything the database says of these tables, constraints and the conditions of indexes included."""
    seen = inspect(engine)
    return {
        table: {
            "columns": {found["name"]: (str(found["type"]), found["nullable"]) for found in seen.get_columns(table)},
            "key": seen.get_pk_constraint(table),
            "foreign": sorted(seen.get_foreign_keys(table), key=str),
            "unique": sorted(seen.get_unique_constraints(table), key=str),
            "checks": sorted(seen.get_check_constraints(table), key=str),
            "indexes": sorted((_plain(index) for index in seen.get_indexes(table)), key=str),
        }
        for table in metadata.tables
    }


def _plain(index: Any) -> dict[str, Any]:
    options = index.get("dialect_options", {})
    return {**index, "dialect_options": {option: str(value) for option, value in options.items()}}


def a_value(column: "Column[Any]") -> Any:
    if column.foreign_keys:
        [target] = column.foreign_keys
        return a_value(target.column)
    name = f"{column.table.name}.{column.name}"
    kind = column.type.as_generic().python_type
    values: dict[type, Any] = {str: "a", int: 1, bool: True, datetime: NOON, bytes: b"a"}
    return ALLOWED.get(name, values.get(kind, {}))


def fill(connection: Connection, metadata: MetaData) -> None:
    """Put a row with a value in every column into every table there is."""
    there = MetaData()
    there.reflect(connection, only=lambda name, _: name in metadata.tables)
    for table in there.sorted_tables:
        connection.execute(insert(table).values({column.name: a_value(column) for column in table.columns}))


def counts(engine: Engine, metadata: MetaData) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(Table(name, MetaData()))).scalar_one()
            for name in metadata.tables
        }


def with_a_later_revision(folder: Path, name: str, upgrade: str) -> Path:
    """Return a copy of the revisions with one more at the end."""
    later = shutil.copytree(MIGRATIONS, folder / "later 100%", ignore=shutil.ignore_patterns("__pycache__"))
    number = len(list((later / name).glob("[0-9]*.py")))
    (later / name / "9999_later.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision = '9999'\ndown_revision = '{number:04}'\n"
        f"def upgrade():\n    {upgrade}\n"
    )
    return later


@each_database
def test_an_empty_database_gets_what_the_models_say(url: str, name: str) -> None:
    MIGRATE[name](url)

    with opened(url) as engine, engine.connect() as connection:
        options = {"compare_type": True, "include_name": lambda found, kind, _: not str(found).startswith("migration_")}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA[name]) == []


@each_database
def test_constraints_and_conditions_are_those_of_the_models_to_the_letter(url: str, name: str) -> None:
    with opened(url) as engine:
        METADATA[name].create_all(engine)
        of_the_models = shape(engine, METADATA[name])
        METADATA[name].drop_all(engine)

    MIGRATE[name](url)

    with opened(url) as engine:
        assert shape(engine, METADATA[name]) == of_the_models


@each_database
def test_a_revision_can_be_written_from_the_models(tmp_path: Path, name: str) -> None:
    anew = shutil.copytree(MIGRATIONS, tmp_path / "anew", ignore=shutil.ignore_patterns("__pycache__", "0*.py"))
    url = f"sqlite:///{tmp_path}/records.db"

    file = revise(name, "the first tables", anew)
    MIGRATE[name](url, anew)

    assert file == anew / name / "0001_the_first_tables.py"
    assert "there is no way back" in file.read_text()
    with opened(url) as engine:
        assert tables(engine) == {*METADATA[name].tables, f"migration_{name}"}


def test_both_databases_may_be_one(url: str) -> None:
    migrate_main(url)
    migrate_inbox(url)
    migrate_main(url)

    with opened(url) as engine:
        assert tables(engine) >= {"contact", "inbox", "migration_main", "migration_inbox"}


@each_database
def test_a_filled_database_keeps_its_rows_from_every_revision_on(url: str, name: str) -> None:
    with opened(url) as engine, engine.begin() as connection:
        config = configuration(connection, name)
        revisions = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    for revision in revisions:
        with opened(url) as engine:
            with engine.begin() as connection:
                command.upgrade(configuration(connection, name), revision)
                fill(connection, METADATA[name])

            MIGRATE[name](url)

            assert set(counts(engine, METADATA[name]).values()) == {1}
            with engine.begin() as connection:
                everything = MetaData()
                everything.reflect(connection)
                everything.drop_all(connection)


def test_a_table_built_anew_takes_no_other_rows_along(url: str, tmp_path: Path) -> None:
    migrate_main(url)
    with opened(url) as engine, engine.begin() as connection:
        fill(connection, Record.metadata)
    longer = "with op.batch_alter_table('contact') as contact: contact.alter_column('city', type_=sa.String(300))"

    migrate_main(url, with_a_later_revision(tmp_path, "main", longer))

    with opened(url) as engine:
        assert set(counts(engine, Record.metadata).values()) == {1}
        [city] = [column for column in inspect(engine).get_columns("contact") if column["name"] == "city"]
        assert str(city["type"]) == "VARCHAR(300)"


def test_a_migration_that_fails_changes_nothing(url: str, tmp_path: Path) -> None:
    migrate_main(url)
    wrong = "op.create_table('half', sa.Column('id', sa.Integer())); op.drop_table('wake'); op.drop_table('absent')"

    with pytest.raises(DatabaseProblem, match="absent"):
        migrate_main(url, with_a_later_revision(tmp_path, "main", wrong))

    with opened(url) as engine:
        assert "half" not in tables(engine)
        assert "wake" in tables(engine)


def test_a_migration_that_leaves_rows_without_their_kin_is_taken_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/main.db"
    migrate_main(url)
    with opened(url) as engine, engine.begin() as connection:
        fill(connection, Record.metadata)

    with pytest.raises(DatabaseProblem, match="points at a row of 'contact' that is not there"):
        migrate_main(url, with_a_later_revision(tmp_path, "main", "op.execute('delete from contact')"))

    with opened(url) as engine:
        assert counts(engine, Record.metadata)["contact"] == 1


@each_database
def test_a_database_newer_than_the_code_is_refused(url: str, name: str, tmp_path: Path) -> None:
    MIGRATE[name](url, with_a_later_revision(tmp_path, name, "pass"))

    with pytest.raises(TooNew, match="revision '9999', which this version does not know; start the version"):
        MIGRATE[name](url)


@each_database
def test_there_is_no_way_back_and_it_says_so(url: str, name: str) -> None:
    MIGRATE[name](url)

    with opened(url) as engine, engine.begin() as connection:
        config = configuration(connection, name)
        with pytest.raises(RuntimeError, match="there is no way back; restore the copy made before the upgrade"):
            command.downgrade(config, "base")


@pytest.mark.system
def test_processes_that_migrate_at_once_wait_for_each_other(url: str) -> None:
    code = "import sys; from records.migrate import *; migrate_main(sys.argv[1]); migrate_inbox(sys.argv[1])"
    started = [_python(code, url) for _ in range(2)]

    told = [process.communicate(timeout=100) for process in started]

    assert [process.returncode for process in started] == [0] * 2, told
    # Quiet, and whatever the current directory.
    assert told == [("", "")] * 2
    with opened(url) as engine:
        assert tables(engine) >= {"contact", "inbox"}


def test_the_folder_of_the_file_is_made(tmp_path: Path) -> None:
    migrate_inbox(f"sqlite:///{tmp_path}/state/100%/inbox.db")

    assert (tmp_path / "state" / "100%" / "inbox.db").exists()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("sqlite:///{folder}/file/main.db", "name a folder that this user may write to"),
        ("sqlite:///{folder}/file", "file is not a database"),
        ("sqlite:///{folder}", "unable to open database file; see that the address is right"),
        ("sqlite://", "a database in memory keeps nothing; write it as sqlite:///"),
        ("postgresql://me:secret@/main?host={folder}", "see that the address is right, that the server runs"),
        ("postgres://me@host/main", "postgres: this kind of database is not supported; write it as"),
        ("mysql://me@host/main", "mysql: this kind of database is not supported"),
        ("main.db", "the database's address cannot be read; write it as"),
        ("postgresql://me:se:cret@host:port/main", "the database's address cannot be read; write it as"),
    ],
)
def test_an_address_that_does_not_work_is_told_plainly(tmp_path: Path, address: str, told: str) -> None:
    (tmp_path / "file").write_text("this is no database, and long enough to be told from an empty file" * 20)

    with pytest.raises(DatabaseProblem) as caught:
        migrate_main(address.format(folder=tmp_path))

    assert told in str(caught.value)
    assert "cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def _python(code: str, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd="/",
    )
