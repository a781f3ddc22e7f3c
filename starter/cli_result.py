"""What a command ends with: a document for programs, something to look at for people, and a status.

The type of an exception is the status: `ProblemsFound` 1 (in the author's files or data), `OutOfReach` 3.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from starter.cli_streams import takes_every_letter
from starter.cli_tables import OF_A_PIPE, Listing

FINE, PROBLEMS, USAGE, OUT_OF_REACH = 0, 1, 2, 3


class ProblemsFound(Exception):
    """Something is wrong in the files or data given. Each problem reads `place: what; what to do`.

    `documents` are the same for programs; without them each is its text.
    """

    def __init__(self, problems: Iterable[str], documents: Sequence[dict[str, Any]] | None = None) -> None:
        self.problems = list(problems)
        self.documents = documents if documents is not None else [{"what": problem} for problem in self.problems]
        super().__init__("\n".join(self.problems))


class OutOfReach(Exception):
    """A server, a database, a setting: nothing in the author's files would help."""


@dataclass
class Result:
    """What a command found or did. `shown` is for stdout, `notes` for stderr, `document` for `--json`."""

    document: Any
    shown: Sequence[RenderableType] = ()
    notes: Sequence[str] = field(default_factory=list)
    status: int = FINE


def show(result: Result, as_json: bool) -> int:
    """Print a result and return its status."""
    for note in result.notes:
        say(note)
    if as_json:
        print_document(result.document)
        return result.status
    # A table in a pipe or a file is as wide as it needs to be; on a screen, as the screen.
    widest = max([OF_A_PIPE, *(each.natural_width() for each in result.shown if isinstance(each, Listing))])
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else widest, highlight=False)
    for each in result.shown:
        # Brackets in a person's words are no markup.
        console.print(Text(each) if isinstance(each, str) else each, soft_wrap=isinstance(each, str))
    return result.status


def print_document(document: Any) -> None:
    """Print one JSON document on stdout."""
    only_plain = not takes_every_letter()
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=only_plain, default=_plain) + "\n")


def say(line: str) -> None:
    """Print a line on stderr."""
    sys.stderr.write(line.encode("utf-8", "backslashreplace").decode() + "\n")


def _plain(value: object) -> str:
    """Return what JSON has no word for: an instant in UTC, with `Z`; anything else in its own words."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        from domain.story import spelled  # here: it is only needed where much else is loaded already

        return spelled(value)
    return str(value)
