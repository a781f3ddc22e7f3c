"""Rows that are there once: written unless another of the same unique key is there, by whichever worker."""

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session

from records.models import Record


def add_if_new(session: Session, row: Record) -> bool:
    """Write a row; False, writing nothing, when one of the same unique key is there. An `id` is not filled in."""
    table = row.__table__  # type: ignore[attr-defined]
    assert isinstance(table, Table), "a record is a row of a table"
    # A number that the database gives is left out.
    values = {column.name: getattr(row, column.name) for column in table.columns}
    values = {name: value for name, value in values.items() if value is not None or name != "id"}
    insert = postgresql_insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite_insert(table)
    written = insert.values(**values).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return session.connection().execute(written).first() is not None
