"""Blanks in a title or a body: `Call {{ contact.first_name }} about the demo`.

Only names can stand in a blank, with a word for when there is nothing: `{{ contact.company or 'your company' }}`. The
whole of Jinja2 belongs to messages, which are rendered where a loop without an end can be killed; a title has no need
of it, and may be filled anywhere.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

BLANK = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
PATH = r"(?P<path>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)"
WORD = r"(?P<quote>['\"])(?P<word>[^'\"]*)(?P=quote)"
INSIDE = re.compile(rf"\s*{PATH}\s*(?:or\s+{WORD}\s*)?")
REMEDY = "write {{ contact.first_name }}, or with a word for nothing: {{ contact.first_name or 'there' }}"
# What stands in a blank whose value is missing and that names no other word.
NOTHING = "—"

Read = Callable[[str], object | None]


def problems(text: str) -> Iterator[str]:
    """Yield what is wrong with the blanks of a text, as "what; what to do".

    >>> list(problems("Call {{ contact.first_name }}")), next(problems("Call {{ 1 + 1 }}"))[:40]
    ([], "'{{ 1 + 1 }}' cannot be filled in; write")
    """
    for found in BLANK.finditer(text):
        if INSIDE.fullmatch(found[1]) is None:
            yield f"'{found[0][:60]}' cannot be filled in; {REMEDY}"
    rest = BLANK.sub("", text)
    for sign in ("{{", "}}", "{%", "{#"):
        if sign in rest:
            yield f"'{sign}' opens or closes nothing here; {REMEDY}"


def names_in(text: str) -> list[str]:
    """Return the paths that the blanks of a text read.

    >>> names_in("{{ contact.first_name or 'you' }} and {{ run.event.order_id }}")
    ['contact.first_name', 'run.event.order_id']
    """
    inside = (INSIDE.fullmatch(found[1]) for found in BLANK.finditer(text))
    return [each["path"] for each in inside if each is not None]


def filled(text: str, read: Read) -> str:
    """Return the text with its blanks filled; `read` gives the value at a path, None for nothing.

    >>> filled("Call {{ contact.first_name or 'them' }}", {"contact.first_name": "Ada"}.get)
    'Call Ada'
    """
    return BLANK.sub(lambda found: _shown(_value(found[1], read)), text)


def filled_tree(tree: Any, read: Read) -> Any:
    """Return a tree of mappings, lists and texts with every blank filled; a text that is one blank keeps the value.

    >>> filled_tree({"score": "{{ contact.score }}", "of": ["{{ contact.id }}!"]}, {"contact.score": 5}.get)
    {'score': 5, 'of': ['—!']}
    """
    if isinstance(tree, Mapping):
        return {key: filled_tree(value, read) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [filled_tree(value, read) for value in tree]
    if not isinstance(tree, str):
        return tree
    alone = BLANK.fullmatch(tree)
    return _plain(_value(alone[1], read)) if alone else filled(tree, read)


def texts_in(tree: Any) -> Iterator[str]:
    """Yield every text of a tree."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for value in tree.values():
            yield from texts_in(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from texts_in(value)


def _value(inside: str, read: Read) -> object | None:
    found = INSIDE.fullmatch(inside)
    if found is None:
        return None
    value = read(found["path"])
    return found["word"] if value in (None, "") else value


def _shown(value: object | None) -> str:
    return NOTHING if value in (None, "") else str(_plain(value))


def _plain(value: object | None) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
