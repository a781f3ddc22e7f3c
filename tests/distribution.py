"""Which tests go to which worker, and in which order: a file's tests stay together, and all guests of one company.

The tests of the two companies of `tests/system/conftest.py` mostly wait. On one worker, from the beginning, they need
two stacks instead of two for each worker, and the others keep the processors busy meanwhile.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

SYSTEM = Path(__file__).parent / "system"
GUEST = re.compile(r"\b(company: Company|moody: Moody)\b")

# Files that take longest: what begins late, all the others wait for at the end.
LONG = (
    "test_same_timeline",
    "test_gallery_lived",
    "test_kinds_of_steps",
    "test_follow_up_week",
    "test_mail_server_away",
    "test_killed_webhooks",
    "test_demo",
    "test_bench",
    "test_readme",
)


@cache
def guests() -> frozenset[str]:
    """Return the names of the files in `tests/system` whose tests share a company instead of founding one."""
    texts = {file.stem: file.read_text(encoding="utf-8") for file in SYSTEM.glob("test_*.py")}
    return frozenset(name for name, text in texts.items() if GUEST.search(text) and "founded(" not in text)


def how_soon(item: pytest.Item) -> int:
    """Return the turn of a test: smaller ones begin sooner."""
    folder, name = item.path.parent.name, item.path.stem
    if folder == "system" and name in guests():
        return 0
    if "storm" in name or name in LONG:
        return 1
    return {"system": 2, "workflows": 3}.get(folder, 4)


class GuestsTogether(LoadFileScheduling):  # type: ignore[misc]
    """A file's tests go to one worker; those of all guests are like one file."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        folder, _, name = file.rpartition("/")
        return folder if folder == "tests/system" and name.removesuffix(".py") in guests() else file
