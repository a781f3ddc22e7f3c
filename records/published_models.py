"""What is remembered of publications: all files as they stood together, and each version of each sequence."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field

from records.models import Instant, Record, json_column


class Bundle(Record, table=True):
    """All published files as they stood together, by the hash of their contents. Workers read these, never files."""

    __tablename__ = "bundle"

    hash: str = Field(primary_key=True, max_length=80)
    files: dict[str, str] = Field(sa_column=json_column())
    published_at: datetime = Field(sa_type=Instant, index=True)


class Edition(Record, table=True):
    """One version of one sequence: the compiled program, by its hash. `retired_at` is empty for the current one."""

    __tablename__ = "edition"
    __table_args__ = (
        Index(
            "uq_edition_current",
            "sequence",
            unique=True,
            sqlite_where=text("retired_at is null"),
            postgresql_where=text("retired_at is null"),
        ),
    )

    version: str = Field(primary_key=True, max_length=80)
    sequence: str = Field(max_length=100, index=True)
    program: dict[str, Any] = Field(sa_column=json_column())
    bundle: str = Field(foreign_key="bundle.hash", max_length=80)
    published_at: datetime = Field(sa_type=Instant)
    retired_at: datetime | None = Field(default=None, sa_type=Instant)
