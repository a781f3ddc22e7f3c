"""What every table is made of: the two families of tables, their names, instants and JSON."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, MetaData
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """A point in time: UTC on our side and in the database (SQLite keeps no zone, so it is put back here)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # PostgreSQL answers on the clock of its own settings.
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Record(SQLModel):
    """A row of the main database."""

    metadata = MetaData(naming_convention=NAMES)


class InboxRecord(SQLModel):
    """A row of the inbox, which on SQLite is a file of its own."""

    metadata = MetaData(naming_convention=NAMES)


def json_column(*, nullable: bool = False) -> Any:
    return Column(JSON(none_as_null=True), nullable=nullable)  # nothing is NULL, not the JSON word for it
