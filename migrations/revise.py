"""Write the next revision of a database from what its models say now: `python -m migrations.revise main "add x"`.

It compares with a fresh database at the newest revision, so it needs none of yours. What it wrote is a draft: read it,
say what becomes of the rows that are there, and test it on a filled database.
"""

import argparse
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection
from sqlmodel import create_engine

from records.migrate import MIGRATIONS, configuration


def revise(name: str, message: str, revisions: Path = MIGRATIONS) -> Path:
    """Write a revision of the database `name` (`main` or `inbox`); return its file."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/{name}.db")
        try:
            with engine.connect() as connection:
                return _write(connection, name, message, revisions)
        finally:
            engine.dispose()


def _write(connection: Connection, name: str, message: str, revisions: Path) -> Path:
    config = configuration(connection, name, revisions)
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    hook = {
        "hooks": "ruff",
        "ruff.type": "module",
        "ruff.module": "ruff",
        "ruff.options": "format REVISION_SCRIPT_FILENAME",
    }
    for option, value in hook.items():
        config.set_section_option("post_write_hooks", option, value)
    command.upgrade(config, "head")
    number = f"{len(list((revisions / name).glob('[0-9]*.py'))) + 1:04}"
    script = command.revision(config, message, autogenerate=True, rev_id=number)
    assert script is not None
    assert not isinstance(script, list)
    return Path(script.path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("database", choices=["main", "inbox"])
    parser.add_argument("message", help="what it changes, in a few words")
    arguments = parser.parse_args()
    print(revise(arguments.database, arguments.message))  # noqa: T201
