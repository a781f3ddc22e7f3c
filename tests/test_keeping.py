"""Nothing grows for ever without a word: how long each table is kept stands in the docs."""

import re
from pathlib import Path

import tests.records.dispatch  # every module with a table is read
from records.models import InboxRecord, Record

ARCHITECTURE = Path(__file__).parents[1] / "docs" / "architecture.md"

__all__ = ["tests"]


def test_every_table_says_how_long_it_is_kept() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    section = text.partition("## How long things are kept")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]

    assert sorted(told) == sorted([*Record.metadata.tables, *InboxRecord.metadata.tables])
