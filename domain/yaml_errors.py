"""What the YAML parser's errors mean to somebody who writes a sequence.

The one thing to know: most of them are a value that YAML takes for something else because of its first character, and
the way out is nearly always the same: put the whole value in double quotes.
"""

import re

from ruamel.yaml.error import MarkedYAMLError, StringMark

from domain.yaml_nodes import DIRECTIVE, MOST_LEVELS

QUOTE = "put the whole value in double quotes"
_MISTAKEN = tuple("!'{[*&%@`")
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # where the parser begins a new line


def unreadable(text: str, error: Exception) -> tuple[int, str]:
    """Return the line of an error that has no place of its own, and "what is wrong; what to do"."""
    return _bad_line(text), f"this is not YAML ({_first_line(error)}); remove what is not text"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["unreadable"])[0][:100]


def _bad_line(text: str) -> int:
    for number, line in enumerate(_BREAK.split(text), 1):
        if any(ord(char) < 32 and char != "\t" for char in line):
            return number
    return 1


def told(text: str, error: MarkedYAMLError) -> tuple[int, str]:
    """Return the line of a parser's error, and "what is wrong; what to do"."""
    problem, context = (error.problem or "unreadable").strip(), error.context or ""
    opened, lines = _opened(text, context, error.context_mark), text.splitlines()
    unclosed = "quoted scalar" in context
    mark = (error.context_mark if unclosed or opened else None) or error.problem_mark or error.context_mark
    number = max(1, min(mark.line + 1, len(lines))) if mark else 1
    line = lines[number - 1] if lines else ""
    if unclosed:
        return number, "a quote is opened here and not closed; close it, or delete it"
    if problem == DIRECTIVE:
        return number, f"a line cannot begin with '%'; delete it, or {QUOTE}"
    if "maximum depth" in problem:
        return number, f"nested deeper than {MOST_LEVELS // 2} levels; make it flatter"
    if "another document" in problem:
        return number, "there is a second document; delete the '---', or make it a file of its own"
    if "\t" in line:
        return number, "there is a tab; indent with spaces"
    if opened:
        return number, f"a '{opened}' is opened here and not closed; close it, or {QUOTE}"
    return number, f"this is not YAML ({problem}); {_way_out(line)}"


def _opened(text: str, context: str, mark: StringMark | None) -> str | None:
    """Return the bracket that stands where a list or a mapping in brackets was begun, None elsewhere."""
    if mark is None or "while parsing a flow" not in context:
        return None
    begun = text[mark.index : mark.index + 1]
    return begun if begun in ("[", "{") else None


def _way_out(line: str) -> str:
    value = line.partition(":")[2].strip() or line.strip().removeprefix("- ")
    if value[:1] in _MISTAKEN or ": " in value:
        return QUOTE
    return "check the indentation and the colons above"
