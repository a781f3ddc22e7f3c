"""CEL functions that are computed here, because the library's are unbounded or not to the specification.

Its regular expressions take linear time but count `(a{0,1000}){0,50}` as 50,000 states and need a minute for it; its
`size` of a text counts bytes, where CEL counts characters; its parts of a date know no zone.
Each function raises TypeError, ValueError or LookupError on what it cannot take.
"""

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.cel_library import cel

MOST_PATTERN = 500
MOST_STATES = 1_000
_CLASS_STATES = 20  # \w, \d, \s, \p{…} and [^…] are hundreds of ranges of Unicode each
_PIECE = re.compile(
    r"(?P<opening>\((?:\?(?:P?<\w+>|[a-zA-Z-]*:))?)|(?P<closing>\))|(?P<again>[*+?])"
    r"|\{(?P<least>\d{1,9})(?:,(?P<most>\d{0,9}))?\}"
    r"|(?P<class>\\[wWdDsSpP]|\.|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\])|\\[\s\S]|[\s\S]"
)
_SEARCH = cel.compile("text.matches(pattern)")


def states(pattern: str) -> int:
    r"""Return about how many states a regular expression becomes: its characters, counted repetitions multiplied.

    >>> states("[a-z]+@"), states(r"\d{4}-\d{2}"), states("(a{0,1000}){0,50}")
    (2, 121, 50000)
    """
    groups: list[int] = []  # what stood before each group that is open
    total = last = 0
    for piece in _PIECE.finditer(pattern):
        if piece["opening"]:
            groups.append(total)
            total = last = 0
        elif piece["closing"] and groups:
            total, last = total + groups.pop(), total
        elif piece["least"]:
            times = max(1, int(piece["least"]), int(piece["most"] or 0))
            total, last = total + last * (times - 1), last * times
        elif not piece["again"]:
            last = _weight(piece["class"])
            total += last
    return total + sum(groups)


def _weight(characters: str | None) -> int:
    narrow = characters is None or (characters[0] == "[" and characters[1] != "^" and "\\" not in characters)
    return 1 if narrow else _CLASS_STATES


def pattern_problem(pattern: str) -> str | None:
    """Return what is wrong with a regular expression and what to do, or None.

    >>> pattern_problem("(a")
    "the pattern '(a' cannot be read; write a regular expression (RE2), such as '^[a-z]+@'"
    """
    if len(pattern) > MOST_PATTERN or states(pattern) > MOST_STATES:
        return (
            f"the pattern {pattern[:40]!r} is too large; repeat less than {MOST_STATES} times in all, groups multiplied"
        )
    try:
        _SEARCH.execute({"text": "", "pattern": pattern})
    except Exception:
        return f"the pattern {pattern[:40]!r} cannot be read; write a regular expression (RE2), such as '^[a-z]+@'"
    return None


def matches(text: object, pattern: object) -> bool:
    """Return whether a regular expression (RE2) is found in a text."""
    if not isinstance(text, str) or not isinstance(pattern, str):
        raise TypeError("is not text")
    if len(pattern) > MOST_PATTERN or states(pattern) > MOST_STATES:
        raise ValueError("is too large a pattern")
    return bool(_SEARCH.execute({"text": text, "pattern": pattern}))


def matching_effort(text: object, pattern: object) -> int:
    """Return what `matches` costs at most, in nanoseconds or so; it is compiled anew each time."""
    if not isinstance(text, str) or not isinstance(pattern, str) or len(pattern) > MOST_PATTERN:
        return 0
    return min(states(pattern), MOST_STATES) * (15_000 + 20 * len(text))


def size(value: object) -> int:
    """Return the number of characters, items, fields or bytes."""
    if not isinstance(value, str | bytes | list | dict):
        raise TypeError("has no size")
    return len(value)


_PARTS: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
    "getMilliseconds": lambda moment: moment.microsecond // 1000,
}


def part_of(name: str) -> Callable[[object, object], int]:
    """Return the function of that name, which takes a moment and a zone: months, days of month and year begin at 0.

    >>> from datetime import UTC
    >>> part_of("getHours")(datetime(2026, 7, 1, 12, tzinfo=UTC), "Europe/Berlin")
    14
    """
    part = _PARTS[name]

    def in_zone(moment: object, zone: object) -> int:
        if not isinstance(moment, datetime) or not isinstance(zone, str):
            raise TypeError("is not a date")
        try:
            clock = ZoneInfo(zone)
        except OSError as error:  # some names are directories of the zone database
            raise ValueError("is not a zone") from error
        return part(moment.astimezone(clock))

    return in_zone
