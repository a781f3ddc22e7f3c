"""What a simulation is told in files: the contact, and what happens to them.

All that is wrong with both is said at once, each with its line; what is only odd is a warning, and goes on.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor

from domain.answers import read_address
from domain.definition import nearest
from domain.events import CONTACT_FIELDS
from domain.policies import Policies
from domain.program import Program
from domain.simulation import ENTER, SET
from domain.spans import Span
from domain.tree import Problem, locate, read_tree
from starter.home import Unreadable, read_text

CONSENTS = "consents"
STATES = ("opted_in", "opted_out", "pending")
KEYS = frozenset({"after", "at", "event", "of", "data"})
# Events of steps that a simulation answers itself; they are declared nowhere.
PSEUDO = frozenset({ENTER, SET, "called"})


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


def _opened(path: Path) -> Reading:
    try:
        return Reading(str(path), read_text(path))
    except Unreadable as error:
        return Reading(str(path), "", [Problem(str(path), error.line, error.what)])


# --- the contact -----------------------------------------------------------------------------------------------------


def read_contact(path: Path, policies: Policies, now: datetime) -> tuple[dict[str, Any], list[Problem]]:
    """Return the contact a JSON file describes, with every built-in field, and what is wrong or odd about it."""
    reading = _opened(path)
    if reading.problems:
        return {}, reading.problems
    try:
        told = json.loads(reading.text, object_pairs_hook=_noting_repeats(reading))
    except (json.JSONDecodeError, RecursionError) as error:
        line, reason = (error.lineno, error.msg) if isinstance(error, json.JSONDecodeError) else (1, "nested too deep")
        reading.say(line, f'this is not JSON ({reason}); write an object such as {{"email": "ann@acme.example"}}')
        return {}, reading.problems
    if not isinstance(told, dict):
        reading.say(1, 'a contact is an object; write {"email": "ann@acme.example", …}')
        return {}, reading.problems
    contact = {name: _field(reading, name, value, policies) for name, value in told.items() if name != CONSENTS}
    if CONSENTS in told:
        contact[CONSENTS] = _consents(reading, told[CONSENTS], policies)
    absent: dict[str, Any] = dict.fromkeys(CONTACT_FIELDS)
    known = {name: value for name, value in contact.items() if value is not None}
    return absent | {"id": "simulated", "score": 0, "tags": [], "created_at": now} | known, reading.problems


def _noting_repeats(reading: Reading) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        for name in sorted({name for name in names if names.count(name) > 1}):
            reading.say(reading.line_of(name), f"'{name}' is written twice; keep one of them")
        return dict(pairs)

    return build


def _field(reading: Reading, name: str, value: Any, policies: Policies) -> Any:
    if value is None:
        return None
    if name not in policies.contact_fields():
        what = f"a contact has no field '{name}'{nearest(name, policies.contact_fields())}"
        reading.say(reading.line_of(name), what, warning=True)
        return value
    own = policies.contact.fields.get(name)
    kind = own.type if own else {"score": "number", "tags": "list", "created_at": "instant"}.get(name, "text")
    wanted, fits = KINDS[kind]
    if not fits(value):
        reading.say(reading.line_of(name), f"'{name}' is {json.dumps(value)[:60]}; write {wanted}")
    elif kind == "instant":
        return read_instant(value)
    elif name == "email":
        _check_address(reading, value)
    return value


def _check_address(reading: Reading, value: str) -> None:
    try:
        read_address(value)
    except ValueError as error:
        reading.say(reading.line_of("email"), str(error), warning=True)


def _is_instant(value: Any) -> bool:
    try:
        return isinstance(value, str) and read_instant(value) is not None
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("text in double quotes", lambda value: isinstance(value, str)),
    "number": ("a number", _is_number),
    "yes_no": ("true or false", lambda value: isinstance(value, bool)),
    "date": ('a date like "2026-03-27"', _is_instant),
    "instant": ('a time like "2026-03-27T09:00:00Z"', _is_instant),
    "list": ("a list of texts", lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value)),
}


def _consents(reading: Reading, told: Any, policies: Policies) -> dict[str, str]:
    line = reading.line_of(CONSENTS)
    if not isinstance(told, dict):
        reading.say(
            line, f'\'{CONSENTS}\' is topics with what was said about them; write {{"product-news": "opted_in"}}'
        )
        return {}
    topics = set(policies.messaging.topics)
    for topic, state in told.items():
        if state not in STATES:
            reading.say(line, f"consent to '{topic}' cannot be {json.dumps(state)[:40]}; it is {', '.join(STATES)}")
        if topic not in topics:
            what = f"topic '{topic}' is not in policies/messaging.yaml{nearest(topic, topics)}"
            reading.say(line, what, warning=True)
    return {topic: state for topic, state in told.items() if state in STATES}


# --- what happens ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """One thing that happens, as written: `after` entry or `at` an instant."""

    event: str
    after: Span | None = None
    at: datetime | None = None
    of: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class _Plain(SafeConstructor):
    """YAML's usual values, but times stay text: they are read in one way everywhere."""


_Plain.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: str(node.value))


def read_events(path: Path, program: Program, policies: Policies) -> tuple[list[Told], list[Problem]]:
    """Return what a YAML or JSON file says happens, and what is wrong or odd about it."""
    reading = _opened(path)
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
    if any(not problem.warning for problem in reading.problems[before:]):
        return None
    return Told(event, after, at, of, data)


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
