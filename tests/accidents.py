"""Accidents to files: what editors, merges, encodings and tired people do to them.

Everything comes from one `random.Random`, so that a seed is an accident that can be had again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

LETTERS = "aZ09 :-#{}[]'\"!&*+|>%@`\t\0\né,;~\\\u2028\x85\ufeff\U0001f4a5\x1b\x7f\u0130\ud7ff"
VALUES = (
    *("", "~", "null", "[]", "{}", "[[a]]", "{a: {b: c}}", "-1", "1e999", "9" * 400, "'", '"', "x" * 70_000),
    *("|", ">-", "&a", "*a", "!x", "%", "@", "- a", "a: b", "{{ contact }}", "{% for %}", "\u202e", "NO", "09:00"),
    *("forever", "until", "until contact.renewal_date", "2 dayz", "0 days", "P", "99999999999999 months", "1" * 300),
    *("has(", "a" * 990, "contact.tags.exists(t, t)", "((((((((((" * 30, "1/0 > 0", "'a' matches '(a+)+$'"),
    *('"\\ud800"', '"\\0"', '"a\\nb"', "'x\n\n  y'", "[" * 70 + "]" * 70, "{a: " * 70 + "}" * 70, "-" * 300, "? a"),
)  # fmt: skip
KEYS = re.compile(r"^([\s-]*)([\w-]+):(?=\s|$)", re.MULTILINE)


def random_bytes(random: Random) -> bytes:
    """Return bytes as they come: any, or such as YAML is made of."""
    if random.random() < 0.3:
        return random.randbytes(random.randint(0, 200))
    signs = random.choices("abc:-#'\"[]{}!&*%@|>?,\\ \n\n\n\t\r\0é\u2028.0129", k=random.randint(0, 120))
    return "".join(signs).encode()


def an_accident(random: Random, files: Mapping[str, str], path: str) -> bytes:
    """Return what is left of the file at `path` after one to four accidents."""
    lines = files[path].split("\n")
    for _ in range(random.randint(1, 4)):
        random.choice(TO_LINES)(random, lines, list(files.values()))
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    return _flipped(random, content) if random.random() < 0.2 else content


def _flipped(random: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(random.randint(1, 3)):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed[: random.randint(0, len(changed))] if random.random() < 0.2 else changed)


Lines = list[str]


def _place(random: Random, lines: Sequence[str]) -> int:
    return random.randrange(len(lines))


def swap(random: Random, lines: Lines, _: Sequence[str]) -> None:
    one, other = _place(random, lines), _place(random, lines)
    lines[one], lines[other] = lines[other], lines[one]


def leave_out(random: Random, lines: Lines, _: Sequence[str]) -> None:
    if len(lines) > 1:
        del lines[_place(random, lines)]


def repeat(random: Random, lines: Lines, _: Sequence[str]) -> None:
    lines.insert(_place(random, lines), lines[_place(random, lines)])


def strike_a_key(random: Random, lines: Lines, _: Sequence[str]) -> None:
    at = _place(random, lines)
    place = random.randint(0, len(lines[at]))
    lines[at] = lines[at][:place] + random.choice(LETTERS) + lines[at][place + random.randint(0, 1) :]


def indent(random: Random, lines: Lines, _: Sequence[str]) -> None:
    first = _place(random, lines)
    for at in range(first, min(len(lines), first + random.randint(1, 5))):
        lines[at] = random.choice(["  ", " ", "\t"]) + lines[at] if random.random() < 0.5 else lines[at][2:]


def put_a_value(random: Random, lines: Lines, _: Sequence[str]) -> None:
    at = _place(random, lines)
    lines[at] = lines[at].partition(":")[0] + ": " + random.choice(VALUES)


def rename_a_key(random: Random, lines: Lines, others: Sequence[str]) -> None:
    found = KEYS.findall(random.choice(others))
    at = _place(random, lines)
    if found:
        lines[at] = KEYS.sub(lambda key: f"{key[1]}{random.choice(found)[1]}:", lines[at], count=1)


def take_from_another(random: Random, lines: Lines, others: Sequence[str]) -> None:
    theirs = random.choice(others).split("\n")
    first = _place(random, theirs)
    piece = theirs[first : first + random.randint(1, 6)]
    at = _place(random, lines)
    lines[at : at + random.randint(0, 2)] = piece


def nest(random: Random, lines: Lines, _: Sequence[str]) -> None:
    at, depth = _place(random, lines), random.choice([3, 30, 300, 3_000])
    opened, closed = random.choice([("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", ""), ("!", "")])
    lines[at] = lines[at] + " " + opened * depth + "x" + closed * random.choice([depth, 0])


TO_LINES: tuple[Callable[[Random, Lines, Sequence[str]], None], ...] = (
    *(swap, leave_out, repeat, strike_a_key, strike_a_key, indent, put_a_value, put_a_value, rename_a_key),
    *(take_from_another, nest),
)
