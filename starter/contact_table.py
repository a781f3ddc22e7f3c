"""Many contacts in a CSV file: one a row, each column a field; `consent:TOPIC` says what they said about a topic.

Rows are read one after the other and forgotten. A row that cannot be used is said with its line, and the others go on.
"""

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from domain.answers import read_address
from domain.definition import nearest
from domain.likeness import complete
from domain.policies import Policies
from domain.tree import Problem
from starter.contact_file import CONSENTS, STATES
from starter.script_files import read_instant

CONSENT = "consent:"
YES_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
SEPARATORS = (",", ";", "\t", "|")
PLAIN = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}", re.IGNORECASE)
"""An address with nothing special about it."""
CUT_SHORT = re.compile("unexpected|larger than")
UNCLOSED = "a double quote is opened here and not closed; close it, or write two for one inside a text"
NO_CSV = "this is no CSV ({}); put texts with separators in double quotes"
MOST_LINES = 100
"""No row is longer: a quote that is not closed would swallow all that follow."""
MOST_SAMPLED = 64_000
"""How much of the first line is looked at to find what separates the columns."""


class BadRow(Exception):
    """This row cannot be used: what is wrong, and what to do."""


@dataclass
class Table:
    """A file of contacts being read. `odd` is what is odd about its columns, `bad` what is wrong with its rows."""

    path: Path
    policies: Policies
    now: datetime
    odd: list[Problem] = field(default_factory=list)
    bad: list[Problem] = field(default_factory=list)
    rows: int = 0
    _seen: set[int] = field(default_factory=set)

    def contacts(self) -> Iterator[dict[str, Any]]:
        """Yield every contact that can be used, with every built-in field; problems are kept as they are found."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield from self._read(file)
        except OSError as error:
            self._say(1, f"cannot be read ({error.strerror}); check the path")
        except UnicodeDecodeError:
            self._say(self.rows + 1, "this is not UTF-8 text from here on; save it as UTF-8")

    def _read(self, file: TextIO) -> Iterator[dict[str, Any]]:
        first = file.readline(MOST_SAMPLED)
        separator = max(SEPARATORS, key=first.count)
        names = [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
        if "\0" in first:
            self._say(1, "this is no text; save it as CSV (UTF-8)")
            return
        if not any(names):
            self._say(1, "there are no columns; write the fields' names into the first line, such as email,country")
            return
        readers = self._columns(names)
        for line, cells in self._rows(Lines(file), separator):
            self.rows += 1
            with suppress(BadRow):
                yield self._contact(names, readers, cells, line)

    def _rows(self, lines: "Lines", separator: str) -> Iterator[tuple[int, list[str]]]:
        """Yield line and cells of each row. Behind a row that is none the next line is read as if nothing were."""
        table = csv.reader(lines, delimiter=separator, strict=True)
        while True:
            try:
                cells = next(table)
            except StopIteration:
                return
            except csv.Error as error:
                self._say(lines.begun, UNCLOSED if CUT_SHORT.search(str(error)) else NO_CSV.format(error))
                lines.go_back()
                table = csv.reader(lines, delimiter=separator, strict=True)
                continue
            if any(cells):
                yield lines.begun, cells
            lines.begin()

    def _columns(self, names: list[str]) -> list["Reader"]:
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._say(1, f"the column '{name}' is there twice; keep one of them")
        known, topics = self.policies.contact_fields(), set(self.policies.messaging.topics)
        for name in names:
            topic = name.removeprefix(CONSENT)
            if name.startswith(CONSENT) and topic not in topics:
                self._wonder(f"topic '{topic}' is not in policies/messaging.yaml{nearest(topic, topics)}")
            elif not name.startswith(CONSENT) and name not in known:
                self._wonder(f"a contact has no field '{name}'{nearest(name, known)}")
        return [self._reader(name) for name in names]

    def _reader(self, name: str) -> "Reader":
        if name.startswith(CONSENT):
            return _consent
        own = self.policies.contact.fields.get(name)
        kind = own.type if own else {"score": "number", "tags": "list", "created_at": "instant"}.get(name, "text")
        return _address if name == "email" else READERS[kind]

    def _contact(self, names: list[str], readers: list["Reader"], cells: list[str], line: int) -> dict[str, Any]:
        if len(cells) != len(names):
            self._bad(line, f"there are {len(cells)} columns, the first line has {len(names)}; make it as many")
        contact: dict[str, Any] = {"score": 0, "created_at": self.now}
        consents: dict[str, str] = {}
        for name, read, cell in zip(names, readers, cells, strict=True):
            value = cell.strip()
            if not value:
                contact.setdefault(name, None)
                continue
            try:
                found = read(value)
            except ValueError as error:
                self._bad(line, f"'{name}' is '{value[:60]}'; {error}")
            if name.startswith(CONSENT):
                consents[name.removeprefix(CONSENT)] = found
            else:
                contact[name] = found
        self._only_once(contact.get("email"), line)
        contact["id"] = contact.get("id") or contact.get("email") or f"line {line}"
        return complete(contact) | {"tags": contact.get("tags") or [], CONSENTS: consents}

    def _only_once(self, address: str | None, line: int) -> None:
        if address is None:
            return
        known = hash(address.lower())  # of a million addresses the hashes are a tenth of the words
        if known in self._seen:
            self._bad(line, f"'{address}' stands in an earlier line, too; leave one of them")
        self._seen.add(known)

    def _bad(self, line: int, what: str) -> None:
        self._say(line, what)
        raise BadRow

    def _say(self, line: int, what: str) -> None:
        self.bad.append(Problem(str(self.path), line, what))

    def _wonder(self, what: str) -> None:
        self.odd.append(Problem(str(self.path), 1, what, True))


class Lines:
    """The lines of a file behind its first. `begun` is the number of the one with which the row being read begins."""

    def __init__(self, file: TextIO) -> None:
        self.file, self.begun = file, 2
        self.taken: list[str] = []
        self.again: list[str] = []

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) == MOST_LINES:
            raise csv.Error("unexpected length")
        self.taken.append(self.again.pop() if self.again else next(self.file))
        return self.taken[-1]

    def begin(self) -> None:
        """Begin the next row."""
        self.begun += len(self.taken)
        self.taken.clear()

    def go_back(self) -> None:
        """Begin the next row with the second line of this one."""
        self.again += reversed(self.taken[1:])
        del self.taken[1:]
        self.begin()


Reader = Callable[[str], Any]


def _number(text: str) -> int | float:
    try:
        return float(text) if "." in text or "e" in text.lower() else int(text)
    except ValueError:
        raise ValueError("write a number") from None


def _yes_no(text: str) -> bool:
    if text.lower() not in YES_NO:
        raise ValueError("write true or false")
    return YES_NO[text.lower()]


def _date(text: str) -> str:
    read_instant(text)
    return text


def _tags(text: str) -> list[str]:
    return [tag for each in text.replace(";", ",").split(",") if (tag := each.strip())]


def _consent(text: str) -> str:
    if text not in STATES:
        raise ValueError(f"write one of {', '.join(STATES)}")
    return text


def _address(text: str) -> str:
    if not PLAIN.fullmatch(text):  # to read an address by all the rules takes as long as the rest of its row
        read_address(text)
    return text


READERS: dict[str, Reader] = {
    "text": str,
    "number": _number,
    "yes_no": _yes_no,
    "date": _date,
    "instant": read_instant,
    "list": _tags,
}
