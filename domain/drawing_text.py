"""Text in drawings: how wide it is about, and where its lines break."""

from collections.abc import Iterator
from html import escape
from unicodedata import combining, east_asian_width

NARROW, WIDE = frozenset("ijltfrI.,:;'|!()[]{}/\\\"` "), frozenset("mwMW@%&")


def width_of(text: str, size: float) -> float:
    """Return about how wide a line is in pixels, in letters of `size`; rather too much than too little.

    >>> width_of("ill", 10) < width_of("WWW", 10) < width_of("日本語", 10)
    True
    """
    return size * sum(map(_width, text))


def _width(letter: str) -> float:
    if letter in NARROW:
        return 0.36
    if combining(letter):
        return 0
    if east_asian_width(letter) in ("W", "F"):
        return 1.05
    return 0.95 if letter in WIDE else 0.69 if letter.isupper() else 0.56


def wrapped(text: str, width: float, size: float, most: int = 6) -> list[str]:
    """Return text in lines that are at most so wide, at most so many and about as long as each other.

    What does not fit ends in an ellipsis.

    >>> wrapped("wait until monday", 80, 13), wrapped("", 80, 13), wrapped("a-very-very-long-word", 80, 13)
    (['wait until', 'monday'], [], ['a-very-very', '-long-word'])
    """
    text = " ".join(text.split())
    lines = list(_lines(text, width, size))
    if len(lines) > most:
        return [*lines[: most - 1], lines[most - 1].rstrip() + " …"]
    for narrower in range(9, 4, -1):  # as many lines, but about as long as each other
        tried = list(_lines(text, width * narrower / 10, size))
        if len(tried) > len(lines):
            break
        lines = tried
    return lines


def _lines(text: str, width: float, size: float) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and width_of(f"{line} {word}", size) > width:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
        while width_of(line, size) > width:
            most = _fitting(line, width, size)
            yield line[:most]
            line = line[most:]
    if line:
        yield line


def _fitting(word: str, width: float, size: float) -> int:
    """Return how many letters of a word fit, at least one."""
    taken = 0.0
    for place, letter in enumerate(word):
        taken += size * _width(letter)
        if taken > width:
            return max(1, place)
    return len(word)


def as_markup(text: str) -> str:
    """Return text for XML: escaped, and without the control characters that XML cannot hold.

    >>> as_markup('<"a" & b\\x00>')
    '&lt;&quot;a&quot; &amp; b�&gt;'
    """
    shown = "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)
    return escape(shown)
