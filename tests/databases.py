"""Empty databases, migrated once: a test that wants one gets a copy of its file."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from records.migrate import migrate_inbox, migrate_main

MIGRATE = {"main": migrate_main, "inbox": migrate_inbox}


@cache
def _migrated(kind: str) -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder, "records.db")
        MIGRATE[kind](f"sqlite:///{file}")
        assert not Path(f"{file}-wal").exists(), "all of it stands in the one file that is copied"
        return file.read_bytes()


def lay_down(kind: str, url: str) -> None:
    """Make the database `kind`, `main` or `inbox`, at the SQLite address `url`, as migrating it would."""
    file = Path(url.removeprefix("sqlite:///"))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_migrated(kind))
