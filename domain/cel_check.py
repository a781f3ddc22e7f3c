"""Every problem of a condition, found before anyone is written to.

A name that does not exist would make a condition quietly false for everybody, so names, fields, functions and their
arguments are compared with what there is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.cel_functions import pattern_problem
from domain.cel_parser import MACROS, parse
from domain.cel_plan import plan, refuse_many_comprehensions
from domain.cel_syntax import (
    Call,
    Chain,
    Choice,
    Comprehension,
    Constant,
    Has,
    ListOf,
    MapOf,
    Minus,
    Node,
    Not,
    children,
    path,
)
from domain.cel_tokens import NotCel
from domain.vocabulary import (
    CEL_FUNCTIONS,
    CEL_METHODS,
    CONTACT_FIELDS,
    EVENT_FIELDS,
    FUNCTIONS,
    MATCHED_FIELDS,
    RECORD_NAMES,
    RUN_EVENT_FIELDS,
    RUN_FIELDS,
    SINGLE_NAMES,
    TYPE_NAMES,
    Names,
    Signature,
    nearest,
)

_KINDS = ("step", "event", "segment", "topic")
_EXAMPLES = {"contact": "contact.email", "run": "run.entered_at", "event": "event.email"}
_EXAMPLES |= {"matched": "matched.at", "calls": "calls.credit.score", "run.event": "run.event.email"}
_GIVES = {type(None): "null", int: "a number", float: "a number", str: "a text", bytes: "a text"}


def check(source: str, names: Names) -> list[str]:
    """Return every problem of a condition, each as "what; what to do", in the order of the text; [] where it is sound.

    >>> check("contact.scroe >= 60", Names())
    ["there is no field contact.scroe; did you mean 'score'?"]
    >>> check("clicked('tpis') and true", Names(steps=frozenset({"tips"})))
    ["'and' is not a word of conditions; write &&"]
    """
    try:
        tree = parse(source)
    except NotCel as error:
        return [str(error)]
    problems = list(_Check(names).problems(tree, frozenset()))
    problems += _no_truth(tree)
    try:
        refuse_many_comprehensions(tree)
    except NotCel as error:
        return [str(error), *dict.fromkeys(problems)]
    unusable = plan(source).problem
    if unusable is not None and not problems:
        problems.append(unusable)
    return list(dict.fromkeys(problems))


@dataclass(frozen=True)
class _Check:
    """The check of one condition; `bound` are the names that comprehensions give to their items."""

    names: Names

    def problems(self, node: Node, bound: frozenset[str]) -> Iterator[str]:
        keys = path(node)
        if keys is not None:
            if keys[0] not in bound:
                yield from self.of_path(keys)
            return
        if isinstance(node, Comprehension):
            yield from self.problems(node.over, bound)
            bound |= {node.name}
            for child in children(node)[1:]:
                yield from self.problems(child, bound)
            return
        if isinstance(node, Call):
            yield from self.of_call(node)
        yield from _of_operands(node)
        for child in children(node):
            if not _lacks_its_quotes(node, child):  # said of the call already
                yield from self.problems(child, bound)

    def of_path(self, keys: tuple[str, ...]) -> Iterator[str]:
        root, fields = keys[0], keys[1:]
        if root in TYPE_NAMES | SINGLE_NAMES:
            if fields:
                yield f"{root} has no fields; write {root} alone"
        elif root not in RECORD_NAMES:
            yield self.of_stranger(root)
        elif root == "event" and not self.names.allow_event:
            yield (
                "the name event is known only in where, enter, exit and goal; "
                "write run.event for what started the run, or matched for what a wait_for took"
            )
        elif not fields or keys == ("run", "event"):
            whole = ".".join(keys)
            yield f"{whole} is a whole record; name one field, such as {_EXAMPLES[whole]}"
        else:
            yield from self.of_field(root, fields)

    def of_stranger(self, root: str) -> str:
        if root in FUNCTIONS | CEL_FUNCTIONS:
            example = (FUNCTIONS | CEL_FUNCTIONS)[root].example
            return f"{root} is a function; write it with what it asks about, such as {example}"
        if root in self.names.contact_fields | CONTACT_FIELDS:
            return f"there is no name {root}; did you mean 'contact.{root}'?"
        known = RECORD_NAMES | SINGLE_NAMES
        way_out = nearest(root, known if self.names.allow_event else known - {"event"})
        return f"there is no name {root}; {way_out}{'' if way_out.endswith('?') else ', and texts stand in quotes'}"

    def of_field(self, root: str, fields: tuple[str, ...]) -> Iterator[str]:
        record, name = root, fields[0]
        known: frozenset[str] | None = self.names.contact_fields | CONTACT_FIELDS
        if root == "run" and name == "event":
            every = self.names.every_event_field
            record, name, known = "run.event", fields[1], None if every is None else every | RUN_EVENT_FIELDS
        elif root == "run":
            known = RUN_FIELDS
        elif root in ("event", "matched"):
            every = self.names.every_event_field
            known = None if every is None else every | (EVENT_FIELDS if root == "event" else MATCHED_FIELDS)
        elif root == "calls":
            known = self.names.calls
        if known is not None and name not in known:
            yield f"there is no field {record}.{name}; {nearest(name, known)}"

    def of_call(self, node: Call) -> Iterator[str]:
        signature = _signature(node)
        if signature is None:
            yield _unknown_function(node)
            return
        given, most = len(node.arguments), len(signature.kinds)
        if not signature.required <= given <= most:
            wanted = f"{most}" if signature.required == most else f"{signature.required} or {most}"
            yield (
                f"{node.function}() takes {wanted} argument{'s' if wanted != '1' else ''}, not {given}; "
                f"write it as {signature.example}"
            )
        for kind, argument in zip(signature.kinds, node.arguments, strict=False):
            problem = self.of_argument(kind, argument, signature.example)
            if problem is not None:
                yield problem

    def of_argument(self, kind: str, argument: Node, example: str) -> str | None:
        value = argument.value if isinstance(argument, Constant) else None
        if kind in _KINDS:
            if not isinstance(value, str):
                one = "an event" if kind == "event" else f"a {kind}"
                return f"{one} must be written out as a text in quotes; write it as {example}"
            return self.of_name(kind, value)
        if kind == "days" and isinstance(argument, Constant) and (type(value) is not int or value < 1):
            return f"days are a whole number from 1; write it as {example}"
        if kind == "date" and isinstance(argument, Constant):
            return f"a date is a field, not a text; write it as {example}, or timestamp('2026-01-31T00:00:00Z')"
        if kind == "url" and isinstance(argument, Constant) and not isinstance(value, str):
            return "a url is a text; write it in quotes"
        return pattern_problem(value) if kind == "pattern" and isinstance(value, str) else None

    def of_name(self, kind: str, name: str) -> str | None:
        known, sends = self.names.known(kind), self.names.sends
        if name not in known:
            return f"there is no {kind} '{name}'; {nearest(name, known)}"
        if kind == "step" and sends is not None and name not in sends:
            return f"'{name}' is not a step that sends; {nearest(name, sends)}"
        return None


def _lacks_its_quotes(node: Node, child: Node) -> bool:
    """Whether `child` is a bare word where a call takes the name of a step, an event … in quotes."""
    signature = _signature(node) if isinstance(node, Call) else None
    if signature is None or not isinstance(node, Call):
        return False
    named = (given for kind, given in zip(signature.kinds, node.arguments, strict=False) if kind in _KINDS)
    return path(child) is not None and any(given is child for given in named)


def _signature(node: Call) -> Signature | None:
    if node.target is not None:
        return CEL_METHODS.get(node.function)
    return FUNCTIONS.get(node.function) or CEL_FUNCTIONS.get(node.function)


def _unknown_function(node: Call) -> str:
    name = node.function
    before, behind = FUNCTIONS | CEL_FUNCTIONS, CEL_METHODS
    other = before.get(name) if node.target is not None else behind.get(name)
    if other is not None:
        return f"{name}() is written differently; write it as {other.example}"
    if node.target is None and name in MACROS:
        return f"{name}() is written differently; write it as contact.tags.{name}(tag, tag != '')"
    known = behind.keys() | MACROS if node.target is not None else before.keys() | {"has"}
    return f"there is no function {name}(); {nearest(name, known)}"


def _of_operands(node: Node) -> Iterator[str]:
    """Yield what is wrong with operands that can be seen not to be true or false, and with comparisons to null."""
    if isinstance(node, Chain) and node.operators[0] in ("&&", "||"):
        for operand in node.operands:
            yield from _no_truth(operand)
    elif isinstance(node, Not):
        yield from _no_truth(node.operand)
    elif isinstance(node, Choice):
        yield from _no_truth(node.test)
    if any(isinstance(child, Constant) and child.value is None for child in children(node)):
        yield "what is missing is never equal to null; ask has(contact.vip) or !has(contact.vip)"


def _no_truth(node: Node) -> list[str]:
    """Return the problem of an expression that cannot be true or false, whatever the data."""
    gives: str | None = None
    match node:
        case Constant(value=bool()) | Has() | Not() | Choice():
            return []
        case Constant(value=value):
            gives = _GIVES[type(value)]
        case Chain(operators=("+" | "-" | "*" | "/" | "%", *_)) | Minus():
            gives = "a value"
        case ListOf() | MapOf() | Comprehension(macro="map" | "filter"):
            gives = "a list"
        case Call() if (signature := _signature(node)) is not None and signature.gives != "truth":
            gives = f"a {signature.gives}"
    if gives is None:
        return []
    return [f"{gives} stands where true or false is asked for; compare it, as in contact.score >= 60"]
