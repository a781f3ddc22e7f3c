"""Something that happened to a contact, as it is told to the timeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Happening:
    """An event as it is told. `key` is the occurrence in its sender's words; told twice, it is written once.

    `message` is the ledger's id of the send it belongs to. `by` is the run that did it, which need not be told. `of` is
    the run, step and visit it belongs to, where whoever tells of it knows. Whose it is, on which channel and which way,
    its name tells where nobody says so; `person` is a key of teams.yaml.
    """

    key: str
    name: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    occurred_at: datetime | None = None
    message: str | None = None
    step: str | None = None
    department: str | None = None
    channel: str | None = None
    direction: str | None = None
    person: str | None = None
    by: str | None = None
    of: tuple[str | None, str | None, int | None] | None = None
