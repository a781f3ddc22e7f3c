"""The words of authors as regular expressions, for editors that check while one types.

The one thing to know: these are for the JSON Schema alone. The loader reads by the grammars themselves, which say what
is wrong; a pattern has to accept all that they accept (`tests/starter/test_schema.py`), in the dialect of JavaScript.
"""

import re
from collections.abc import Callable
from typing import Any

from pydantic import Field

from domain.span_grammar import SOURCE, UNITS

_GAP = r"\s+"


def any_case(word: str) -> str:
    """Return a pattern for a word in whatever case: the dialect has no flag for it.

    >>> any_case("at")
    '[aA][tT]'
    """
    return "".join(f"[{each}{each.upper()}]" if each.isalpha() else _GAP if each == " " else each for each in word)


def either(*patterns: str) -> str:
    """Return a pattern for any of these."""
    return f"(?:{'|'.join(patterns)})"


def whole(*patterns: str) -> str:
    """Return a pattern for a value that is nothing but one of these.

    >>> whole("a", "b")
    '^(?:a|b)$'
    """
    return f"^{either(*patterns)}$"


def editors(pattern: str, example: str = "") -> Any:
    """Return what to annotate a text with that editors check by this pattern; the loader does not."""
    made: dict[str, Any] = {"pattern": pattern}
    if not re.search(pattern, "5"):
        made["type"] = "string"  # a pattern says nothing of numbers
    if example:
        made |= {"patternErrorMessage": f"write e.g. {example}", "examples": [example]}
    return Field(json_schema_extra=made)


def one_of(*keys: str, beside: tuple[str, ...] = ()) -> Callable[[dict[str, Any]], None]:
    """Return what tells editors that a mapping has just one of these keys; those `beside` may stand with it."""

    def narrow(schema: dict[str, Any]) -> None:
        schema["properties"] = {key: schema["properties"][key] for key in (*keys, *beside)}
        schema["oneOf"] = [{"required": [key]} for key in keys]

    return narrow


_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_UNIT = either(*(f"{any_case(unit.removesuffix('s'))}[sS]?" for unit in UNITS))
_ISO = r"[pP](?=[0-9tT])(?:[0-9]+[yYmMwWdD])*(?:[tT](?:[0-9]+[hHmMsS])+)?"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = either(*(f"{any_case(day[:3])}(?:{any_case(day[3:])})?" for day in _WEEKDAYS))
HOUR = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
AT = f"{_GAP}{any_case('at')}{_GAP}{HOUR}"
UNTIL = f"{any_case('until')}{_GAP}"
SPAN = either(f"0*[1-9][0-9]*{_GAP}{_UNIT}", _ISO)
A_SOURCE = either(SOURCE)
MOMENT = rf"{A_SOURCE}(?:\s*[+-]\s*{SPAN})?(?:{AT})?"
DELAY = either(
    f"{SPAN}(?:{AT})?", f"{UNTIL}{MOMENT}", f"{UNTIL}{_WEEKDAY}(?:\\s*,\\s*{_WEEKDAY})*{AT}", f"{UNTIL}{HOUR}"
)
LIMIT = either(any_case("forever"), f"{SPAN}(?:{AT})?", f"{UNTIL}{MOMENT}")
IS_MOMENT = f"^{UNTIL}{A_SOURCE}"
DATE = either(MOMENT, rf"contact\.{_NAME}{_GAP}yearly(?:\s*[+-]\s*{SPAN})?{AT}")
AGAIN = either("never", "restart", "always", f"after_exit(?: {SPAN})?")
ON_CAP = either("skip", "exit", f"defer{_GAP}{SPAN}(?:{_GAP}then{_GAP}(?:skip|exit))?")
SHARE = r"[0-9]{1,6}(?:\.[0-9]{1,4})?\s*%?"
HOLDOUT = r"[0-9]{1,2}(?:\.[0-9]{1,4})?%"
NAME = "[a-z0-9][a-z0-9-]{0,63}"
ANSWER = "[a-z][a-z0-9_]{0,63}"
EVENT_FIELD = r"run\.event\.\w+"
