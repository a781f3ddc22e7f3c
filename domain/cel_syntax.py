"""The syntax tree of a CEL expression.

The library that evaluates CEL shows no tree, and a condition must be walked: to check its names before anyone is
written to, and to say afterwards which value decided. A tree is never deeper than `cel_parser.MOST_DEPTH`, so every
walk may recurse.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of an expression; `start` and `end` are where it stands in the source, parentheses around it left out."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A value that is written out."""

    value: str | bytes | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name that stands alone: `now`."""

    name: str


@dataclass(frozen=True, slots=True)
class Member(Node):
    """A field of something: `of.field`."""

    of: Node
    field: str


@dataclass(frozen=True, slots=True)
class Item(Node):
    """An item of a list or the value of a key: `of[key]`."""

    of: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(arguments)`, or `target.function(arguments)`."""

    function: str
    target: Node | None
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Has(Node):
    """`has(of.field)`."""

    of: Member


@dataclass(frozen=True, slots=True)
class Comprehension(Node):
    """`over.macro(name, each)`; `keep` is the test in `map(name, keep, each)`."""

    macro: str
    over: Node
    name: str
    keep: Node | None
    each: Node


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """`[items]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapOf(Node):
    """`{key: value}`, keys and values in turn."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`!operand`, `times` over."""

    operand: Node
    times: int


@dataclass(frozen=True, slots=True)
class Minus(Node):
    """`-operand`, `times` over."""

    operand: Node
    times: int


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """Operands joined by operators of one strength, from left to right: `a + b - c`."""

    operands: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`test ? then : other`."""

    test: Node
    then: Node
    other: Node


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below `node`, in the order in which they are written."""
    match node:
        case Member(of=of) | Has(of=of):
            return (of,)
        case Item(of=of, key=key):
            return (of, key)
        case Call(target=target, arguments=arguments):
            return arguments if target is None else (target, *arguments)
        case Comprehension(over=over, keep=keep, each=each):
            return (over, each) if keep is None else (over, keep, each)
        case ListOf(items=items) | MapOf(items=items) | Chain(operands=items):
            return items
        case Not(operand=operand) | Minus(operand=operand):
            return (operand,)
        case Choice(test=test, then=then, other=other):
            return (test, then, other)
        case _:
            return ()


def every(node: Node) -> Iterator[Node]:
    """Yield `node` and all that is below it, in the order in which it is written."""
    yield node
    for child in children(node):
        yield from every(child)


def path(node: Node) -> tuple[str, ...] | None:
    """Return the names of a dotted path, or None where `node` is something else.

    >>> path(Member(0, 13, Name(0, 7, "contact"), "score"))
    ('contact', 'score')
    """
    match node:
        case Name(name=name):
            return (name,)
        case Member(of=of, field=field) | Item(of=of, key=Constant(value=str(field))):
            above = path(of)
            return None if above is None else (*above, field)
        case _:
            return None
