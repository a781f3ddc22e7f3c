"""From the tree of a condition to the parts that answer it, once per text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from domain.cel_asked import Bound, Fact, Fixed, Part, Present, PresentIn
from domain.cel_evaluation import Alternative, Calculation, Computed, Gathered, Junction, Negation, Quantified, Question
from domain.cel_functions import matches, matching_effort, part_of, size
from domain.cel_library import cel
from domain.cel_parser import parse
from domain.cel_syntax import (
    Call,
    Chain,
    Choice,
    Comprehension,
    Constant,
    Has,
    Item,
    ListOf,
    MapOf,
    Member,
    Minus,
    Node,
    Not,
    children,
    every,
    path,
)
from domain.cel_tokens import NotCel
from domain.vocabulary import CEL_FUNCTIONS, MOMENT_PARTS, TYPE_NAMES

MOST_COMPREHENSIONS = 1
_NONE_BOUND: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """A condition ready to be asked, with the paths it names; or the reason why it cannot be."""

    root: Part
    paths: tuple[tuple[str, ...], ...] = ()
    problem: str | None = None


@lru_cache(maxsize=4096)
def plan(source: str) -> Plan:
    """Return the plan of a condition; one that cannot be read has a `problem` and no paths."""
    try:
        tree = parse(source)
        refuse_many_comprehensions(tree)
        return Plan(_Builder(source).part(tree, _NONE_BOUND), tuple(dict.fromkeys(paths_read(tree))))
    except NotCel as error:
        return Plan(Fixed(False), problem=str(error))


def refuse_many_comprehensions(tree: Node) -> None:
    """Raise NotCel where there are more of all, exists, exists_one, map and filter than can be afforded."""
    found = [node.macro for node in every(tree) if isinstance(node, Comprehension)]
    if len(found) > MOST_COMPREHENSIONS:
        raise NotCel(
            f"the condition goes through lists {len(found)} times ({', '.join(found)}), once is the most; "
            f"split it over several steps, or compute a field of the record first"
        )


def paths_read(node: Node, bound: frozenset[str] = _NONE_BOUND) -> Iterator[tuple[str, ...]]:
    """Yield the paths that are read of the data, in the order in which they are written."""
    keys = path(node)
    if keys is not None:
        if keys[0] not in bound and not is_type(keys):
            yield keys
    elif isinstance(node, Comprehension):
        yield from paths_read(node.over, bound)
        for child in children(node)[1:]:
            yield from paths_read(child, bound | {node.name})
    else:
        for child in children(node):
            yield from paths_read(child, bound)


def is_type(keys: tuple[str, ...]) -> bool:
    """Return whether a path is the name of a type of CEL, as in `type(contact.score) == int`."""
    return len(keys) == 1 and keys[0] in TYPE_NAMES


def written(node: Node, source: str) -> str:
    """Return a call as it is shown and logged: `clicked('tips')`, whatever its spaces and quotes were."""
    if isinstance(node, Call) and node.target is None:
        return f"{node.function}({', '.join(written(argument, source) for argument in node.arguments)})"
    if isinstance(node, Constant) and isinstance(node.value, str):
        return f"'{node.value}'"
    keys = path(node)
    return " ".join(source[node.start : node.end].split()) if keys is None else ".".join(keys)


@dataclass(frozen=True)
class _Builder:
    """Makes parts of nodes; `bound` are the names that comprehensions give to their items."""

    source: str

    def part(self, node: Node, bound: frozenset[str]) -> Part:
        keys = path(node)
        if keys is not None and (keys[0] in bound or not is_type(keys)):
            return _at(keys, bound)
        match node:
            case Constant(value=value):
                return Fixed(value)
            case Has():
                return self.presence(node, bound)
            case Comprehension():
                return self.comprehension(node, bound)
            case Call():
                return self.call(node, bound)
            case _:
                return self.joined(node, bound)

    def joined(self, node: Node, bound: frozenset[str]) -> Part:
        match node:
            case Chain(operands=operands, operators=("&&" | "||" as operator, *_)):
                return Junction(self.parts(operands, bound), decisive=operator == "||")
            case Choice(test=test, then=then, other=other):
                return Alternative(*self.parts((test, then, other), bound))
            case Not(operand=operand, times=times):
                return Negation(self.part(operand, bound), odd=times % 2 == 1)
            case Minus(operand=operand, times=times):
                return Computed(_minus if times % 2 else _plus, (self.part(operand, bound),))
            case _:
                return self.calculation(node, bound)

    def parts(self, nodes: tuple[Node, ...], bound: frozenset[str]) -> tuple[Part, ...]:
        return tuple(self.part(node, bound) for node in nodes)

    def presence(self, node: Has, bound: frozenset[str]) -> Part:
        keys = path(node.of)
        if keys is not None:
            return Present(_at(keys, bound))
        return PresentIn(self.part(node.of.of, bound), node.of.field)

    def comprehension(self, node: Comprehension, bound: frozenset[str]) -> Part:
        over = self.part(node.over, bound)
        inner = bound | {node.name}
        each = self.part(node.each, inner)
        if node.macro in ("all", "exists"):
            return Quantified(over, node.name, each, decisive=node.macro == "exists")
        if node.macro == "map":
            keep = None if node.keep is None else self.part(node.keep, inner)
            return Gathered(over, node.name, keep, each)
        return Gathered(over, node.name, keep=each, each=None, only=node.macro != "filter")

    def call(self, node: Call, bound: frozenset[str]) -> Part:
        if _is_for_the_library(node):
            return self.calculation(node, bound)
        arguments = self.parts(children(node), bound)
        own = _own_function(node)
        if own is not None:
            function, effort = own
            return Computed(function, arguments, effort)
        changes = any(keys[0] in bound for keys in paths_read(node))
        return Question(node.function, written(node, self.source), arguments, keeps=not changes)

    def calculation(self, node: Node, bound: frozenset[str]) -> Part:
        """Return what the library computes: `node`, with everything replaced that is answered here."""
        parts: list[Part] = []
        text, done = "", node.start
        for piece in _foreign(node, bound):
            part = self.part(piece, bound)
            number = parts.index(part) if isinstance(part, Fact | Bound) and part in parts else len(parts)
            if number == len(parts):
                parts.append(part)
            text, done = f"{text}{self.source[done : piece.start]}v{number}", piece.end
        text += self.source[done : node.end]
        try:
            program = cel.compile(text)
        except ValueError as error:
            raise NotCel(f"{text!r} cannot be computed ({_first_line(error)}); write it differently") from error
        variables = tuple(f"v{number}" for number in range(len(parts)))
        return Calculation(program, variables, tuple(parts), effort=sum(1 for _ in every(node)))


def _at(keys: tuple[str, ...], bound: frozenset[str]) -> Fact | Bound:
    return (Bound if keys[0] in bound else Fact)(keys, ".".join(keys))


def _is_for_the_library(node: Call) -> bool:
    if node.target is None:
        return node.function in CEL_FUNCTIONS and node.function != "size"
    return _own_function(node) is None


def _own_function(node: Call) -> tuple[Callable[..., object], Callable[..., int] | None] | None:
    """Return the function of CEL that is computed here, and what it costs; None for all others."""
    given = len(children(node))
    if node.function == "size" and given == 1:
        return size, None
    if node.target is not None and node.function == "matches" and given == 2:
        return matches, matching_effort
    if node.target is not None and node.function in MOMENT_PARTS and given == 2:
        return part_of(node.function), None
    return None


def _foreign(node: Node, bound: frozenset[str]) -> Iterator[Node]:
    """Yield the outermost nodes inside `node` that the library is not to see, in the order of the source."""
    for child in children(node):
        keys = path(child)
        if isinstance(child, Constant) or (keys is not None and is_type(keys) and keys[0] not in bound):
            continue
        if keys is None and _is_computed_there(child):
            yield from _foreign(child, bound)
        else:
            yield child


def _is_computed_there(node: Node) -> bool:
    match node:
        case Chain(operators=("&&" | "||", *_)):
            return False
        case Call():
            return _is_for_the_library(node)
        case _:
            return isinstance(node, Chain | Member | Item | ListOf | MapOf)


def _minus(value: object) -> object:
    return -_plus(value)


def _plus(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("is not a number")
    return value


def _first_line(error: ValueError) -> str:
    lines = str(error).splitlines()
    return lines[0].rpartition("ERROR: ")[2] if lines else "it is not CEL"
