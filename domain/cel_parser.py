"""From the text of a condition to its tree.

`parse` accepts the CEL that the evaluating library accepts, less what a condition has no use for (messages in braces,
optional fields), and refuses what is too long or too deep to be evaluated in bounded time and stack.
"""

from collections.abc import Callable

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
    Name,
    Node,
    Not,
    children,
)
from domain.cel_tokens import NotCel, Token, number_value, text_value, tokens

MOST_CHARACTERS = 1_000
MOST_DEPTH = 50
MACROS = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map"})

_LEVELS = [("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/", "%")]
_LEVEL_OF = {sign: level for level, signs in enumerate(_LEVELS) for sign in signs}
_CONSTANTS = {"true": True, "false": False, "null": None}
_RESERVED = {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"}
_RESERVED |= {"namespace", "return", "var", "void", "while"}
_WORDS = {"and": "&&", "or": "||", "not": "!", "is": "==", "AND": "&&", "OR": "||", "NOT": "!", "True": "true"}
_WORDS |= {"False": "false", "None": "null", "IN": "in"}
_TOO_DEEP = f"the condition is nested more than {MOST_DEPTH} deep; write it flatter, or split it over several steps"


def parse(source: str) -> Node:
    """Return the tree of `source`. Raise NotCel, whose message says what is wrong and what to do.

    >>> parse("now")
    Name(start=0, end=3, name='now')
    >>> parse("contact.score = 3")
    Traceback (most recent call last):
    domain.cel_tokens.NotCel: '=' at character 15 is not a comparison; write == for equal
    """
    if not source.strip():
        raise NotCel("the condition is empty; write one, such as contact.score >= 60, or leave it out")
    if len(source) > MOST_CHARACTERS:
        raise NotCel(
            f"the condition has {len(source):,} characters, {MOST_CHARACTERS:,} is the most; "
            f"split it over several steps, or compute a field of the record first"
        )
    try:
        tree = _Parser(source).whole()
    except NotCel:
        if "{{" in source:
            raise NotCel("a condition is not a template; write it without {{ and }}") from None
        raise
    _refuse_deep(tree)
    return tree


def _refuse_deep(tree: Node) -> None:
    level: tuple[Node, ...] = (tree,)
    for _ in range(MOST_DEPTH):
        level = tuple(child for node in level for child in children(node))
        if not level:
            return
    raise NotCel(_TOO_DEEP)


class _Parser:
    """Reads one expression; each method reads one rule of the grammar and leaves the place behind it."""

    def __init__(self, source: str) -> None:
        self.tokens = tokens(source)
        self.at = 0
        self.nested = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def took(self, sign: str) -> bool:
        if self.next.text == sign:
            self.at += 1
            return True
        return False

    def ended(self) -> int:
        return self.tokens[self.at - 1].end

    def whole(self) -> Node:
        tree = self.expression()
        if self.next.kind != "end":
            raise self.unexpected()
        return tree

    def expression(self) -> Node:
        self.nested += 1
        if self.nested > MOST_DEPTH:
            raise NotCel(_TOO_DEEP)
        start = self.next.start
        tree = self.chain(0)
        if self.took("?"):
            then = self.chain(0)
            self.expect(":", "between the two values of a choice")
            other = self.expression()
            tree = Choice(start, self.ended(), tree, then, other)
        self.nested -= 1
        return tree

    def chain(self, weakest: int) -> Node:
        start = self.next.start
        left = self.unary()
        while (level := _LEVEL_OF.get(self.next.text, -1)) >= weakest:
            operands, operators = [left], []
            while _LEVEL_OF.get(self.next.text) == level:
                operators.append(self.take().text)
                operands.append(self.chain(level + 1))
            left = Chain(start, self.ended(), tuple(operands), tuple(operators))
        return left

    def unary(self) -> Node:
        first, times = self.next, 0
        while first.text in ("!", "-") and self.took(first.text):
            times += 1
        if times and first.text == "-" and self.next.kind == "number":
            self.at, times = self.at - 1, times - 1  # the last minus belongs to the number
        start = self.next.start
        operand = self.members(self.primary(), start)
        if not times:
            return operand
        return (Not if first.text == "!" else Minus)(first.start, self.ended(), operand, times)

    def members(self, node: Node, start: int) -> Node:
        while True:
            if self.took("."):
                field = self.name("a field after the dot")
                node = self.call(start, field, node) if self.took("(") else Member(start, self.ended(), node, field)
            elif self.took("["):
                key = self.expression()
                self.expect("]", "after the item")
                node = Item(start, self.ended(), node, key)
            else:
                return node

    def primary(self) -> Node:
        token = self.next
        if token.kind == "text":
            return Constant(token.start, token.end, text_value(self.take()))
        if token.kind == "number":
            return Constant(token.start, token.end, number_value(self.take()))
        if token.kind == "name" or token.text == ".":
            return self.named()
        if self.took("-") and self.next.kind == "number":
            return Constant(token.start, self.next.end, -number_value(self.take()))
        if self.took("("):
            inside = self.expression()
            self.expect(")", "to close the parenthesis")
            return inside
        if self.took("["):
            return ListOf(token.start, *self.several("]", self.one))
        if self.took("{"):
            return MapOf(token.start, *self.several("}", self.pair))
        raise self.unexpected()

    def named(self) -> Node:
        start = self.next.start
        self.took(".")
        if self.next.text in _CONSTANTS:
            token = self.take()
            return Constant(token.start, token.end, _CONSTANTS[token.text])
        name = self.name("a name")
        if self.took("("):
            return self.call(start, name, None)
        if name in _RESERVED:
            raise NotCel(f"{name!r} is a word that CEL keeps for itself; use another name")
        return Name(start, self.ended(), name)

    def name(self, what: str) -> str:
        token = self.next
        if token.kind != "name" or token.text in _CONSTANTS or token.text == "in":
            raise self.unexpected(f"{what} is missing")
        return self.take().text

    def several(self, closing: str, entry: Callable[[], tuple[Node, ...]]) -> tuple[int, tuple[Node, ...]]:
        """Read entries up to the `closing` sign; return where it ends, and what the entries hold."""
        held: list[Node] = []
        while not self.took(closing):
            held.extend(entry())
            if not self.took(","):
                self.expect(closing, "or a comma")
                break
        return self.ended(), tuple(held)

    def one(self) -> tuple[Node, ...]:
        return (self.expression(),)

    def pair(self) -> tuple[Node, ...]:
        key = self.expression()
        self.expect(":", "between a key and its value")
        return (key, self.expression())

    def call(self, start: int, function: str, target: Node | None) -> Node:
        """Read what follows the opening parenthesis of a call; `has` and the macros have nodes of their own."""
        end, arguments = self.several(")", self.one)
        if self.tokens[self.at - 2].text == ",":
            raise NotCel(f"the arguments of {function}() end with a comma; remove it")
        if target is None and function == "has":
            if len(arguments) != 1 or not isinstance(arguments[0], Member):
                raise NotCel("has() asks for one field; write it as has(contact.vip)")
            return Has(start, end, arguments[0])
        if target is None or function not in MACROS:
            return Call(start, end, function, target, arguments)
        match arguments:
            case (Name(name=name), each):
                return Comprehension(start, end, function, target, name, None, each)
            case (Name(name=name), keep, each) if function == "map":
                return Comprehension(start, end, function, target, name, keep, each)
        raise NotCel(
            f"{function}() wants a name and an expression; write it as contact.tags.{function}(tag, tag != '')"
        )

    def expect(self, sign: str, why: str) -> None:
        if not self.took(sign):
            raise self.unexpected(f"{sign!r} {why} is missing")

    def unexpected(self, missing: str = "") -> NotCel:
        """Return the error for the word that stands here, with the slip that most likely led to it."""
        here, before = self.next, self.tokens[max(self.at - 1, 0)]
        for word in (here.text, before.text):
            if word in _WORDS:
                return NotCel(f"{word!r} is not a word of conditions; write {_WORDS[word]}")
        if here.kind == "end":
            return NotCel(f"the condition breaks off{missing and ': '}{missing}; complete it")
        place = f"{here.text!r} at character {here.start + 1}"
        if missing:
            return NotCel(f"{missing} before {place}; add it")
        if here.text == "{" and before.kind == "name":
            return NotCel(f"{place} begins a message, which conditions do not have; compare single fields")
        return NotCel(f"{place} does not belong there; remove it, or put an operator such as && or == before it")
