"""Nothing grows for ever without a word: how long each table is kept stands in the docs."""

import re
from importlib import import_module
from pathlib import Path

from records.columns import InboxRecord, Record

PROJECT = Path(__file__).parents[1]
ARCHITECTURE = PROJECT / "docs" / "architecture.md"


def test_every_table_says_how_long_it_is_kept() -> None:
    for file in (PROJECT / "records").glob("*models.py"):
        import_module(f"records.{file.stem}")
    text = ARCHITECTURE.read_text(encoding="utf-8")
    section = text.partition("## How long things are kept")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]

    assert sorted(told) == sorted([*Record.metadata.tables, *InboxRecord.metadata.tables])
