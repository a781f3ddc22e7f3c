"""A webhook's template as it is written: JSON whose texts are templates, each with its line.

Only texts are templates. The tree stands before anything is filled in, so no value can end its text and begin another.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from rendering.bundle import TemplateProblem, split_front

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_FILLED = re.compile(r"\{\{|\{%|\{#")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One text of the tree, and its line in the author's file."""

    line: int
    text: str

    @property
    def source(self) -> str:
        """What Jinja is given: the text on its own line, so that the line in an error is that in the file.

        >>> Leaf(3, "{{ now }}").source
        '{#\\n\\n#}{{ now }}'
        """
        return "{#" + "\n" * (self.line - 1) + "#}" + self.text


def read_tree(text: str) -> dict[str, Any]:
    """Return the object a template's file holds below its front matter, a `Leaf` for each text.

    Raises `TemplateProblem` for JSON that is none, with its line.

    >>> read_tree('---\\nclass: service\\n---\\n{"n": 5, "name": "{{ contact.first_name }}"}')
    {'n': 5, 'name': Leaf(line=4, text='{{ contact.first_name }}')}
    """
    _, body, offset = split_front(text)
    try:
        once, no_such = partial(_once, offset, body), partial(_no_such, offset, body)
        tree = json.loads(body, object_pairs_hook=once, parse_constant=no_such)
    except json.JSONDecodeError as error:
        raise TemplateProblem(offset + error.lineno, f"this is not JSON ({error.msg}); correct it") from None
    except (RecursionError, ValueError) as error:
        raise TemplateProblem(offset + 1, "this JSON is too deep, or a number in it too long; shorten it") from error
    if not isinstance(tree, dict):
        raise TemplateProblem(offset + 1, 'a webhook says an object; write {"name": "{{ contact.first_name }}"}')
    lines = iter(_lines(body, offset))
    found: dict[str, Any] = _leaves(tree, lines)
    return found


def leaves(tree: Any) -> Iterator[Leaf]:
    """Yield every text of a tree, in the order of the file."""
    if isinstance(tree, Leaf):
        yield tree
    for below in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from leaves(below)


def _leaves(tree: Any, lines: Iterator[int]) -> Any:
    """Return the tree with a `Leaf` for each text; `lines` are those of all texts and names, in order."""
    match tree:
        case str():
            return Leaf(next(lines), tree)
        case list():
            return [_leaves(each, lines) for each in tree]
        case dict():
            return {_fixed(name, next(lines)): _leaves(below, lines) for name, below in tree.items()}
    return tree


def _lines(body: str, offset: int) -> Iterator[int]:
    line, reached = offset + 1, 0
    for found in _TEXT.finditer(body):  # outside of its texts, JSON has no quotes
        line += body.count("\n", reached, found.start())
        reached = found.start()
        yield line


def _fixed(name: str, line: int) -> str:
    if _FILLED.search(name):
        raise TemplateProblem(line, f"the name '{name[:60]}' would not be filled in; only texts behind a colon are")
    return name


def _once(offset: int, body: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. One of two members of the same name would be lost without a word, so two are refused."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        at = body.rfind(json.dumps(twice, ensure_ascii=False))
        raise TemplateProblem(offset + body.count("\n", 0, max(at, 0)) + 1, f"'{twice}' stands here twice; leave one")
    return found


def _no_such(offset: int, body: str, constant: str) -> NoReturn:
    before = _TEXT.sub("", body).partition(constant)[0]  # no text of JSON has a line break in it
    raise TemplateProblem(offset + before.count("\n") + 1, f"{constant} is no number in JSON; write one, or null")
