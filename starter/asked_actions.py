"""What somebody wants done about a task or a case, read from options, a request or a form, and what it is known by."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from domain.definition import phrase
from domain.follow_up_actions import Action
from domain.recovery_actions import CaseAction

ACTION: TypeAdapter[Action] = TypeAdapter(Action)
CASE_ACTION: TypeAdapter[CaseAction] = TypeAdapter(CaseAction)
LONGEST_NAME, LONGEST_KEY = 200, 150


Wanted = TypeVar("Wanted")


def read_action(do: str, said: Mapping[str, Any]) -> Action:
    """Return the action on a follow-up that `do` names, with the fields that are given; None is not given.

    Raises ValueError, which says what is wrong and what to do.

    >>> read_action("accept", {"by": "ada", "note": None})
    Accept(do='accept', by='ada')
    >>> read_action("cancel", {"by": "ada"})
    Traceback (most recent call last):
    ValueError: 'reason' is missing; add it
    """
    return _read(ACTION, do, said)


def read_case_action(do: str, said: Mapping[str, Any]) -> CaseAction:
    """Return the action on a case that `do` names, as `read_action` does.

    >>> read_case_action("severity", {"by": "ada", "severity": "S5"})
    Traceback (most recent call last):
    ValueError: 'severity' cannot be 'S5'; write 'S1', 'S2', 'S3' or 'S4'
    """
    return _read(CASE_ACTION, do, said)


def _read(kind: TypeAdapter[Wanted], do: str, said: Mapping[str, Any]) -> Wanted:
    given = {name: value for name, value in said.items() if value is not None}
    for name in ("by", "to"):
        if len(str(given.get(name, ""))) > LONGEST_NAME:
            raise ValueError(f"'{name}' is longer than any name; use the key or the address of a person")
    until = given.get("until")
    if isinstance(until, datetime) and until.tzinfo is None:
        raise ValueError("'until' has no time zone; write it like 2026-03-27T09:00:00Z")
    try:
        return kind.validate_python({"do": do} | given)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "string_too_long":
            most = first["ctx"]["max_length"]
            raise ValueError(f"'{first['loc'][-1]}' is longer than {most} characters; shorten it") from None
        raise ValueError(phrase(first, frozenset(given))) from None


def deed_key(where: str, do: str, key: str) -> str:
    """Return what one deed is known by: asked again under the same key, the same deed is done once.

    Raises ValueError, which says what is wrong and what to do.

    >>> deed_key("api", "accept", "4711")
    'api/accept/4711'
    """
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise ValueError(f"the key is not one line of 1 to {LONGEST_KEY} characters; give another")
    return f"{where}/{do}/{key}"
