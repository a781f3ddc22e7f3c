"""Who a simulation is about: a contact in a JSON file.

A field that no contact has, or an address nobody could write to, is odd and goes on; a value of the wrong kind is an
error.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.answers import read_address
from domain.definition import nearest
from domain.events import CONTACT_FIELDS
from domain.policies import Policies
from domain.tree import Problem
from domain.zones import note_on_zone
from starter.script_files import Reading, opened, read_instant

CONSENTS = "consents"
STATES = ("opted_in", "opted_out", "pending")


def read_contact(path: Path, policies: Policies, now: datetime) -> tuple[dict[str, Any], list[Problem]]:
    """Return the contact a JSON file describes, with every built-in field, and what is wrong or odd about it."""
    reading = opened(path)
    if reading.problems:
        return {}, reading.problems
    try:
        finite = _finite(reading)
        repeats = _noting_repeats(reading)
        told = json.loads(reading.text, object_pairs_hook=repeats, parse_constant=finite, parse_float=finite)
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


def _finite(reading: Reading) -> Callable[[str], float | None]:
    def number(text: str) -> float | None:
        value = float(text)
        if math.isfinite(value):
            return value
        line = reading.text.count("\n", 0, reading.text.find(text)) + 1
        reading.say(line, f"{text[:20]} is no number that can be kept; leave the value out, or write null")
        return None

    return number


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
    elif name == "time_zone" and (note := note_on_zone(value)):
        reading.say(reading.line_of(name), f"{note}, write a name such as Europe/Berlin", warning=True)
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
