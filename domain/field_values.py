"""What an author writes for a field of a contact, and whether the field can hold it."""

import re
from datetime import date, datetime
from typing import Literal

FieldType = Literal["text", "number", "date", "yes_no"]

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


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value) if len(value) == len("2026-03-27") else datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
