"""What a simulation is told in files: how they are read, and what happens to the contact.

All that is wrong is said at once, each with its line; what is only odd is a warning, and goes on. Who the contact is
stands in a file of its own (`starter/contact_file.py`).
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor

from domain.definition import nearest
from domain.holds import PACE, PAUSE
from domain.policies import Policies
from domain.program import Program
from domain.simulation import ENTER, SET
from domain.spans import Span
from domain.tree import Problem, locate, read_tree
from starter.home import Unreadable, read_text

KEYS = frozenset({"after", "at", "event", "of", "data", "until"})
# Events of steps that a simulation answers itself; they are declared nowhere.
PSEUDO = frozenset({ENTER, SET, "called"}) | PACE
# What begins like a span; everything else is a time.
SPAN = re.compile(r"\s*(\d+\s*[a-z]|P)", re.IGNORECASE)


def read_instant(text: str) -> datetime:
    """Return an instant; without a zone it is UTC. Raises ValueError("what; what to do").

    >>> read_instant("2026-03-27T10:00:00+01:00").isoformat()
    '2026-03-27T09:00:00+00:00'
    """
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"'{text[:60]}' is not a time; write it like 2026-03-27T09:00:00Z") from None


@dataclass
class Reading:
    """One file being read: its name, its text, what is wrong with it so far."""

    path: str
    text: str
    problems: list[Problem] = field(default_factory=list)

    def say(self, line: int, what: str, *, warning: bool = False) -> None:
        self.problems.append(Problem(self.path, line, what, warning))

    def line_of(self, key: str) -> int:
        """Return the line on which a key of a JSON object stands first."""
        found = re.search(rf"{re.escape(json.dumps(key))}\s*:", self.text)
        return self.text.count("\n", 0, found.start()) + 1 if found else 1


def opened(path: Path) -> Reading:
    """Return the file with its text, or with the problem that kept it from being read."""
    try:
        return Reading(str(path), read_text(path))
    except Unreadable as error:
        return Reading(str(path), "", [Problem(str(path), error.line, error.what)])


@dataclass(frozen=True)
class Told:
    """One thing that happens, as written: `after` entry or `at` an instant; a pause may have an end, said alike."""

    event: str
    after: Span | None = None
    at: datetime | None = None
    of: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    until: Span | datetime | None = None


class _Plain(SafeConstructor):
    """YAML's usual values, but times stay text: they are read in one way everywhere."""


_Plain.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: str(node.value))


def read_events(path: Path, program: Program, policies: Policies) -> tuple[list[Told], list[Problem]]:
    """Return what a YAML or JSON file says happens, and what is wrong or odd about it."""
    reading = opened(path)
    if reading.problems:
        return [], reading.problems
    text = reading.text.replace("\t", "  ") if _is_json(reading.text) else reading.text
    tree, wrong = read_tree(reading.path, text)
    if wrong or tree is None:
        return [], wrong
    listed = _values(text)
    if not isinstance(listed, list):
        reading.say(1, "events are a list; write '- {after: 3 days, event: clicked, of: STEP}'")
        return [], reading.problems
    told = [_told(reading, locate(tree, (number,)), each, program, policies) for number, each in enumerate(listed)]
    return [each for each in told if each is not None], reading.problems


def _is_json(text: str) -> bool:
    """JSON may be indented by tabs, YAML may not; inside its texts a tab is never written as one."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _values(text: str) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Plain
    try:
        return yaml.load(text)
    except ValueError:  # a number no computer holds
        return None


def _told(reading: Reading, line: int, item: Any, program: Program, policies: Policies) -> Told | None:
    if not isinstance(item, dict) or not isinstance(item.get("event"), str):
        reading.say(line, "this is no event; write '{after: 3 days, event: NAME}'")
        return None
    before = len(reading.problems)
    for key in sorted(map(str, set(item) - KEYS)):
        reading.say(line, f"there is no key '{key}' here{nearest(key, KEYS)}")
    event, of, data = item["event"], item.get("of"), item.get("data") or {}
    if not isinstance(data, dict):
        reading.say(line, "'data' is not keys and values; write 'data: {url: https://…}'")
    if of is not None and of not in program.steps:
        reading.say(line, f"there is no step '{of}'{nearest(str(of), set(program.steps))}")
    _check_event(reading, line, event, data, policies)
    after, at = _when(reading, line, item)
    until = _until(reading, line, item)
    if any(not problem.warning for problem in reading.problems[before:]):
        return None
    return Told(event, after, at, of, data, until)


def _check_event(reading: Reading, line: int, event: str, data: Any, policies: Policies) -> None:
    declared = policies.event_fields()
    if event not in declared and event not in PSEUDO:
        what = f"event '{event}' is not declared in policies/events.yaml{nearest(event, set(declared))}"
        reading.say(line, what, warning=True)
    if event == SET and isinstance(data, dict):
        for name in sorted(set(map(str, data)) - policies.contact_fields()):
            what = f"a contact has no field '{name}'{nearest(name, policies.contact_fields())}"
            reading.say(line, what, warning=True)


def _when(reading: Reading, line: int, item: Mapping[str, Any]) -> tuple[Span | None, datetime | None]:
    given: Collection[str] = [key for key in ("after", "at") if item.get(key) is not None]
    if len(given) != 1 and item["event"] != ENTER:
        reading.say(line, "an event needs 'after: SPAN' (counted from entry) or 'at: TIME'; write one of them")
        return None, None
    try:
        after = Span.parse(str(item["after"])) if "after" in given else None
        return after, read_instant(str(item["at"])) if "at" in given else None
    except ValueError as error:
        reading.say(line, str(error))
        return None, None


def _until(reading: Reading, line: int, item: Mapping[str, Any]) -> Span | datetime | None:
    if item.get("until") is None:
        return None
    if item["event"] != PAUSE:
        reading.say(line, "'until' belongs to a pause; delete it")
        return None
    text = str(item["until"])
    try:
        return Span.parse(text) if SPAN.match(text) else read_instant(text)
    except ValueError as error:
        reading.say(line, str(error))
        return None
