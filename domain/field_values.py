"""What an author writes for a field of a contact, and whether the field can hold it."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Literal

FieldType = Literal["text", "number", "date", "yes_no"]

# How many characters the built-in fields hold that an update may write; a test compares it with the tables.
LONGEST = {"phone": 40, "country": 2, "language": 35, "time_zone": 64, "stage": 60, "tier": 60}
LONGEST |= dict.fromkeys(("first_name", "last_name", "company", "city", "owner", "source"), 200)
LARGEST_SCORE = 2**31 - 1

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,9})?")


def unfit(name: str, type_: FieldType, value: str) -> str | None:
    """Return why a field of this type cannot be set to `value`, as "what is wrong; what to do"; None where it can.

    >>> unfit("score", "number", "abc")
    "'score' takes a number, not 'abc'; write one such as 5, or +5 to count"
    >>> unfit("renewal_date", "date", "2026-03-27"), unfit("company", "text", "abc")
    (None, None)
    """
    if type_ == "number" and not _NUMBER.fullmatch(value):
        return f"'{name}' takes a number, not '{value}'; write one such as 5, or +5 to count"
    if type_ == "date" and not _is_date(value):
        return f"'{name}' takes a date, not '{value}'; write one such as 2026-03-27"
    if type_ == "yes_no" and value not in ("yes", "no", "true", "false"):
        return f"'{name}' takes yes or no, not '{value}'; write one of them"
    return None


def as_value(type_: FieldType, given: object) -> str | int | float | bool | None:
    """Return what a field of this type holds of a value that was written or received; None if it cannot hold it.

    >>> as_value("number", "7"), as_value("yes_no", "yes"), as_value("number", "many"), as_value("text", 5)
    (7, True, None, '5')
    >>> as_value("text", True), as_value("number", True)
    ('true', None)
    """
    if isinstance(given, datetime | date):
        given = given.isoformat()
    if not isinstance(given, str | int | float) or given == "":
        return None
    if isinstance(given, bool):
        return given if type_ == "yes_no" else str(given).lower() if type_ == "text" else None
    if type_ == "text":
        return str(given)
    if not isinstance(given, str):
        return given if type_ == "number" else None
    if unfit("", type_, given) is not None:
        return None
    if type_ == "number":
        return float(given) if "." in given else int(given)
    return given in ("yes", "true") if type_ == "yes_no" else given


def holds(name: str, value: object) -> bool:
    """Tell whether a built-in field has room for a value; a field of one's own has room for any.

    >>> holds("country", "DE"), holds("country", "Germany"), holds("branch", "Germany"), holds("score", 10**12)
    (True, False, True, False)
    """
    if name == "score":
        return isinstance(value, int | float) and abs(value) <= LARGEST_SCORE
    return not isinstance(value, str) or len(value) <= LONGEST.get(name, len(value))


def as_given(types: Callable[[str], FieldType], given: Mapping[str, str]) -> dict[str, str | int | float | bool]:
    """Return what somebody typed, each value as its field holds it. What does not fit stays the text it was.

    A text in a field of numbers counts as missing to every condition, and is there for a person to correct.

    >>> as_given({"benches": "number"}.get, {"benches": "3"}), as_given({"benches": "number"}.get, {"benches": "many"})
    ({'benches': 3}, {'benches': 'many'})
    """
    held = ((name, value, as_value(types(name), value)) for name, value in given.items())
    return {name: value if fit is None else fit for name, value, fit in held}


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value) if len(value) == len("2026-03-27") else datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
