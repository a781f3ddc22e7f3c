"""YAML as authors mean it: text with positions.

Every scalar is read as text; our types decide what it is, not YAML's (there, `NO` is false and `09:00` a number).
Whatever the bytes, reading ends in a tree or in a `Problem` with its line; never in a stack trace.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from domain.yaml_nodes import DIRECTIVE, MOST_LEVELS, Composer

MOST_BYTES = 256 * 1024
MOST_NODES = 20_000
MOST_DEPTH = MOST_LEVELS // 2  # a list that is a value counts twice for the parser

QUOTE = "put the whole value in double quotes"


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in a file: where, what, and the way out (`what` reads "what is wrong; what to do")."""

    path: str
    line: int
    what: str
    warning: bool = False

    def __str__(self) -> str:
        note = "warning: " if self.warning else ""
        return f"{self.path}:{self.line}: {note}{self.what}"


class Text(str):
    """A scalar, with the line it stands on."""

    line: int

    def __new__(cls, value: str, line: int) -> "Text":
        made = super().__new__(cls, value)
        made.line = line
        return made


class Items(list[Any]):
    """A list, with the line it begins on and the line of each item."""

    line: int = 1
    lines: list[int]


class Keys(dict[str, Any]):
    """A mapping, with the line it begins on and the line of each key."""

    line: int = 1
    lines: dict[str, int]


def line_of(node: object, key: str | int | None = None) -> int:
    """Return the line of a node, or of one of its keys or items."""
    if isinstance(node, Keys) and isinstance(key, str) and key in node.lines:
        return node.lines[key]
    if isinstance(node, Items) and isinstance(key, int) and key < len(node):
        return node.lines[key]
    return int(getattr(node, "line", 1))


def at(tree: object, place: tuple[str | int, ...]) -> object:
    """Return what stands at `place`, or the nearest thing around it. Names of types in a place are passed over."""
    for key in place:
        if (isinstance(tree, Keys) and key in tree) or (
            isinstance(tree, Items) and isinstance(key, int) and key < len(tree)
        ):
            tree = tree[key]  # type: ignore[index]
    return tree


def empties(tree: object) -> Iterator[tuple["Keys", str]]:
    """Yield every mapping and key in `tree` that has no value."""
    if isinstance(tree, Keys):
        for key, value in tree.items():
            if value is None:
                yield tree, key
            yield from empties(value)
    elif isinstance(tree, Items):
        for each in tree:
            yield from empties(each)


def locate(tree: object, place: tuple[str | int, ...]) -> int:
    """Return the line of what stands at `place` in `tree`, or of the nearest thing around it."""
    line = line_of(tree)
    for key in place:
        inner = at(tree, (key,))
        if inner is not tree:  # anything else in a place is the name of a type, not of a node
            line, tree = line_of(tree, key), inner
    return line


def read_tree(path: str, text: str) -> tuple[Any, list[Problem]]:
    """Return the tree of a YAML text and what is wrong with it; the tree is None when nothing could be read.

    >>> tree, problems = read_tree("a.yaml", "zone: NO\\nat: 09:00\\n")
    >>> tree["zone"], tree["at"], tree["at"].line, problems
    ('NO', '09:00', 2, [])
    >>> print(read_tree("a.yaml", "a: 1\\na: 2\\n")[1][0])
    a.yaml:2: 'a' is written twice (first on line 1); keep one of them
    """
    tree, problems = _read_once(path, text)
    return tree, list(problems)


# A home is read at every start, check and publish, and most of its files are as they were. Nobody changes a tree.
@lru_cache(maxsize=256)
def _read_once(path: str, text: str) -> tuple[Any, list[Problem]]:
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        return None, [Problem(path, 1, f"the file is larger than {MOST_BYTES // 1024} kB; split it")]
    try:
        node = Composer(text).get_single_node()
    except MarkedYAMLError as error:
        return None, [_say(path, text, error)]
    except (YAMLError, ValueError) as error:
        what = f"this is not YAML ({_first_line(error)}); remove what is not text"
        return None, [Problem(path, _bad_line(text), what)]
    if node is None:
        return None, [Problem(path, 1, "the file is empty; write something or delete it")]
    growing = _Growing(path)
    tree = growing.grow(node, 0)
    if tree is None and not growing.problems:
        growing.say(1, "the file says nothing; write something or delete it")
    return tree, growing.problems


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["unreadable"])[0][:100]


def _bad_line(text: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if any(ord(char) < 32 and char != "\t" for char in line):
            return number
    return 1


def _say(path: str, text: str, error: MarkedYAMLError) -> Problem:
    problem, lines = (error.problem or "unreadable").strip(), text.splitlines()
    unclosed = "quoted scalar" in (error.context or "")
    mark = (error.context_mark if unclosed else None) or error.problem_mark or error.context_mark
    number = max(1, min(mark.line + 1, len(lines))) if mark else 1
    line = lines[number - 1] if lines else ""
    if unclosed:
        return Problem(path, number, "a quote is opened here and not closed; close it, or delete it")
    if problem == DIRECTIVE:
        return Problem(path, number, f"a line cannot begin with '%'; delete it, or {QUOTE}")
    if "maximum depth" in problem:
        return Problem(path, number, f"nested deeper than {MOST_DEPTH} levels; make it flatter")
    if "another document" in problem:
        return Problem(path, number, "there is a second document; delete the '---', or make it a file of its own")
    if "\t" in line:
        return Problem(path, number, "there is a tab; indent with spaces")
    value = line.partition(":")[2].strip() or line.strip().removeprefix("- ")
    if value[:1] in tuple("!'{[*&%@`") or ": " in value:
        return Problem(path, number, f"this is not YAML ({problem}); {QUOTE}")
    return Problem(path, number, f"this is not YAML ({problem}); check the indentation and the colons above")


class _Growing:
    """Turns YAML's nodes into ours, counting, so that aliases cannot multiply without end."""

    def __init__(self, path: str) -> None:
        self.path, self.count = path, 0
        self.problems: list[Problem] = []

    def say(self, line: int, what: str) -> None:
        self.problems.append(Problem(self.path, line, what))

    def grow(self, node: Any, depth: int) -> Any:
        line = node.start_mark.line + 1
        self.count += 1
        if depth > MOST_DEPTH or self.count > MOST_NODES:
            if not any("too much" in each.what for each in self.problems):
                self.say(line, f"too much in one file (over {MOST_NODES} values or {MOST_DEPTH} levels); split it")
            return None
        if isinstance(node, ScalarNode):
            return self._grow_text(node, line)
        if isinstance(node, SequenceNode):
            items = Items(self.grow(each, depth + 1) for each in node.value)
            items.line, items.lines = line, [each.start_mark.line + 1 for each in node.value]
            return items
        return self._grow_keys(node, line, depth)

    def _grow_text(self, node: ScalarNode, line: int) -> Text | None:
        tag = str(node.tag)
        if tag.startswith("!"):
            # To YAML `!has(contact.vip)` is a tag on nothing: read so, the condition would silently not be there.
            self.say(line, f"a value cannot begin with '!'; {QUOTE}")
            return Text(f"{tag} {node.value}".strip(), line)
        if node.anchor and not re.fullmatch(r"[\w-]+", str(node.anchor)):
            self.say(line, f"a value cannot begin with '&'; {QUOTE}")  # `&& true` is `true`, anchored as `&`
        if node.value == "" and node.style is None:
            return None
        return Text(node.value, line)

    def _grow_keys(self, node: MappingNode, line: int, depth: int) -> Keys:
        keys = Keys()
        keys.line, keys.lines = line, {}
        for name, value in self._pairs(node):
            at = name.start_mark.line + 1
            if name.value in keys:
                first = keys.lines[name.value]
                self.say(at, f"'{name.value}' is written twice (first on line {first}); keep one of them")
                continue
            keys.lines[name.value] = at
            keys[name.value] = self.grow(value, depth + 1)
        return keys

    def _pairs(self, node: MappingNode) -> Iterator[tuple[ScalarNode, Any]]:
        for name, value in node.value:
            if isinstance(name, ScalarNode):
                yield name, value
            else:
                self.say(name.start_mark.line + 1, f"a key has to be a word; {QUOTE}")
