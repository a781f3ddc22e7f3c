"""YAML as authors mean it: text with positions.

Every scalar is read as text; our types decide what it is, not YAML's (there, `NO` is false and `09:00` a number).
Whatever the bytes, reading ends in a tree or in a `Problem` with its line; never in a stack trace.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from domain.problems import Problem as Problem  # what reading a tree ends in is had from here, too
from domain.yaml_errors import QUOTE, told, unreadable
from domain.yaml_nodes import MOST_LEVELS, Composer

MOST_BYTES = 256 * 1024
MOST_NODES = 20_000
MOST_DEPTH = MOST_LEVELS // 2  # a list that is a value counts twice for the parser


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


def forget_trees() -> None:
    """Forget what was read, so that the next reading is a first one."""
    _read_once.cache_clear()


# A home is read at every start, check and publish, and most of its files are as they were. Nobody changes a tree.
@lru_cache(maxsize=256)
def _read_once(path: str, text: str) -> tuple[Any, list[Problem]]:
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        return None, [Problem(path, 1, f"the file is larger than {MOST_BYTES // 1024} kB; split it")]
    try:
        node = Composer(text).get_single_node()
    except MarkedYAMLError as error:
        return None, [Problem(path, *told(text, error))]
    except (YAMLError, ValueError) as error:
        return None, [Problem(path, *unreadable(text, error))]
    if node is None:
        return None, [Problem(path, 1, "the file is empty; write something or delete it")]
    growing = _Growing(path)
    tree = growing.grow(node, 0)
    if growing.overflown is not None:
        return None, [growing.overflown]
    growing.say_unused_anchors()
    if tree is None and not growing.problems:
        growing.say(1, "the file says nothing; write something or delete it")
    return tree, growing.problems


NO_TEXT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What escapes in double quotes can write and no database or mail can hold."""


def _has_tag(node: Any) -> bool:
    return str(node.tag).startswith("!")  # YAML's own are `tag:yaml.org,…`


def _as_written(node: Any) -> str:
    """Return a value with a tag as it stands in the file, in one line."""
    written = " ".join(node.start_mark.buffer[node.start_mark.pointer : node.end_mark.pointer].split())
    return written if written.startswith("!") else f"{node.tag} {written}"  # an anchor behind the tag hides it


class _Growing:
    """Turns YAML's nodes into ours, counting, so that aliases cannot multiply without end."""

    def __init__(self, path: str) -> None:
        self.path, self.count = path, 0
        self.problems: list[Problem] = []
        self.overflown: Problem | None = None
        self.anchored: dict[int, Any] = {}
        self.repeated: set[int] = set()
        self.inside: list[int] = []

    def say(self, line: int, what: str) -> None:
        self.problems.append(Problem(self.path, line, what))

    def grow(self, node: Any, depth: int) -> Any:
        if self.overflown is not None:
            return None
        if not node.anchor or _has_tag(node):
            return self._grow(node, depth)
        if id(node) in self.inside:
            what = f"'*{node.anchor}' stands inside what it repeats; write out what you mean"
            self.overflown = Problem(self.path, node.start_mark.line + 1, what)
            return None
        if id(node) in self.anchored:
            self.repeated.add(id(node))
        self.anchored[id(node)] = node
        self.inside.append(id(node))
        grown = self._grow(node, depth)
        self.inside.pop()
        return grown

    def say_unused_anchors(self) -> None:
        """Say of each `&name` that nothing repeats: `when: && x` is one to YAML, and would lose its `&&` in silence."""
        for key, node in self.anchored.items():
            if key not in self.repeated:
                self.say(
                    node.start_mark.line + 1, f"'&{node.anchor}' marks what nothing repeats; delete it, or {QUOTE}"
                )

    def _grow(self, node: Any, depth: int) -> Any:
        line = node.start_mark.line + 1
        self.count += 1
        if depth > MOST_DEPTH or self.count > MOST_NODES:
            how = ", aliases followed" if self.anchored else ""
            what = f"too much in one file (over {MOST_NODES:,} values or {MOST_DEPTH} levels{how}); split it"
            self.overflown = Problem(self.path, line, what)
            return None
        if _has_tag(node):
            # To YAML `!has(contact.vip)` is a tag on nothing: read so, the condition would silently not be there.
            self.say(line, f"a value cannot begin with '!'; {QUOTE}")
            return Text(_as_written(node), line)
        if isinstance(node, ScalarNode):
            return self._grow_text(node, line)
        if isinstance(node, SequenceNode):
            items = Items(self.grow(each, depth + 1) for each in node.value)
            items.line, items.lines = line, [each.start_mark.line + 1 for each in node.value]
            return items
        return self._grow_keys(node, line, depth)

    def _grow_text(self, node: ScalarNode, line: int) -> Text | None:
        if node.value == "" and node.style is None:
            return Text(f"&{node.anchor}", line) if node.anchor else None
        self._check_characters(node.value, line)
        return Text(NO_TEXT.sub("", node.value), line)

    def _check_characters(self, value: str, line: int) -> None:
        if found := NO_TEXT.search(value):
            what = f"{found[0].encode('unicode_escape').decode()} is no character of a text; delete it"
            self.say(line, what)

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
            if isinstance(name, ScalarNode) and not _has_tag(name) and not name.anchor:
                self._check_characters(name.value, name.start_mark.line + 1)
                yield name, value
            else:
                self.say(name.start_mark.line + 1, f"a key has to be a word; {QUOTE}")
