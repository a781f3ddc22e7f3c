"""What a sequence looks at in a contact: fields by their value, and fields by what conditions make of it.

The one thing to know: whatever is not understood is taken by its value, so two contacts are rather told apart once too
often. A field that is named anywhere but in a condition is, and so is one that is written to, but for numbers that are
only added to.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from itertools import chain, combinations
from typing import Any

from domain.cel_asked import Asked
from domain.cel_parser import parse
from domain.cel_plan import paths_read, plan
from domain.cel_syntax import Call, Chain, Node, Not, every
from domain.cel_tokens import NotCel
from domain.events import SCORE_REACHED
from domain.needs import Change, Listen
from domain.policies import Policies
from domain.program import Program
from domain.vocabulary import FUNCTIONS

FIELD = re.compile(r"\bcontact\s*\.\s*(\w+)")
BLANK = re.compile(r"\{\{.*?\}\}")
CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
WHOLE = re.compile(r"\bcontact\b(?!\s*\.\s*\w)")
CLOCK = frozenset({"time_zone", "country", "phone"})
"""The fields that tell a contact's clock."""
MOST_SUMS = 64


@dataclass(frozen=True)
class Looked:
    """What is looked at: `by_value` the fields themselves, `by_part` what parts of conditions say of a field.

    `sums` are the amounts that may have been added to a number by the time it is asked for.
    """

    by_value: tuple[str, ...]
    by_part: tuple[tuple[str, str], ...]
    sums: Mapping[str, tuple[int, ...]]

    def found(self, contact: Mapping[str, Any]) -> Hashable:
        """Return what is found in a contact; who has the same goes the same way."""
        values = tuple([_hashable(contact.get(field)) for field in self.by_value])
        return values, tuple([self._said(field, part, contact.get(field)) for field, part in self.by_part])

    def _said(self, field: str, part: str, value: Any) -> Hashable:
        sums = self.sums.get(field, ())
        if sums and not (value is None or type(value) in (int, float)):
            return _hashable(value)
        return _answers(field, part, type(value).__name__, _hashable(value), sums)


def _hashable(value: Any) -> Hashable:
    if isinstance(value, Mapping):
        return tuple(sorted(value.items()))
    return tuple(value) if isinstance(value, list) else value


@lru_cache(maxsize=100_000)
def _answers(field: str, part: str, kind: str, value: Any, sums: tuple[int, ...]) -> tuple[bool | None, ...]:
    """Return what a part of a condition says of a field's value, now and after each sum; None where it is unfit.

    `kind` keeps 1, 1.0 and true apart, which are one key otherwise.
    """
    given: Any = list(value) if isinstance(value, tuple) else value
    return tuple(_answer(field, part, each) for each in (given, *((given or 0) + amount for amount in sums)))


def _answer(field: str, part: str, value: Any) -> bool | None:
    answer = plan(part).root.ask(Asked({"contact": {field: value}}, {}, UTC)).value
    return answer if isinstance(answer, bool) else None


def looked_at(
    program: Program, policies: Policies, happening: frozenset[str], set_by_events: frozenset[str]
) -> Looked | None:
    """Return what a program looks at in a contact when nothing but `happening` does; None where nobody can tell."""
    told = list(_expressions(program, policies))
    asked = [expression for expression, events in told if events is None or events & happening]
    pieces = [piece for expression in asked for piece in _pieces(expression)]
    if any(fields is None for fields, _ in pieces):
        return None
    named = Counter(name for text in _texts(program, policies) for name in FIELD.findall(BLANK.sub("", text)))
    named.subtract(name for expression, _ in told for name in FIELD.findall(expression))
    changes = _changes(program)
    sums, written = _sums(program, changes), _written(changes) | set_by_events
    by_value = {name for name, count in named.items() if count > 0} | written | (CLOCK if written & CLOCK else set())
    by_value |= {field for fields, part in pieces for field in fields or () if part is None}
    by_value |= {name for name, own in policies.contact.fields.items() if own.type == "date"} | {"created_at"}
    by_value |= _of_a_score(program, policies, {*by_value, *(field for fields, _ in pieces for field in fields or ())})
    by_value |= {field for each in changes for field in each.add if field not in sums}
    by_part = {(field, part) for fields, part in pieces for field in fields or () if part and field not in by_value}
    # A number that is added to breaks the run where it is none, whether or not a condition reads it.
    by_part |= {(field, "true") for field in sums if field not in by_value}
    return Looked(tuple(sorted(by_value)), tuple(sorted(by_part)), sums)


def _of_a_score(program: Program, policies: Policies, read: set[str]) -> set[str]:
    """Return the fields that a score is computed of, where anything hangs on it."""
    if policies.scoring is None or not ("score" in read or SCORE_REACHED in program.model_dump_json()):
        return set()
    terms = " ".join(term.when for term in policies.scoring.fit)
    return {"score", *FIELD.findall(terms)}


def read_by_templates(sources: Iterable[str]) -> frozenset[str] | None:
    """Return the fields of a contact that templates name; None where one takes the contact as a whole.

    >>> sorted(read_by_templates(["Hi {{ contact.first_name }}, contact us{% if contact.vip %}!{% endif %}"]))
    ['first_name', 'vip']
    """
    code = [piece for source in sources for piece in CODE.findall(source)]
    if any(WHOLE.search(piece) for piece in code):
        return None
    return frozenset(name for piece in code for name in FIELD.findall(piece))


def _texts(program: Program, policies: Policies) -> Iterator[str]:
    text = program.model_dump_json(exclude={"description", "owner"})
    yield text
    if "segment" in text:
        yield policies.segments.model_dump_json()


def _expressions(program: Program, policies: Policies) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Yield every condition, with the events it is asked of; None: it is asked whatever happens."""
    for step in program.steps.values():
        need = step.need()
        events = frozenset(need.events) if isinstance(need, Listen) else None
        yield from ((expression, events if of_event else None) for _, expression, of_event in step.conditions())
    for trigger in program.enter:
        yield from ((each, None) for each in (trigger.when, trigger.where) if each is not None)
    for trigger in (*program.goal, *program.exit):
        if trigger.when is not None:
            yield trigger.when, None
        if trigger.where is not None:
            yield trigger.where, frozenset({trigger.name or ""})
    if program.when is not None:
        yield program.when, None
    if "segment" in program.model_dump_json(exclude={"description", "owner"}):
        yield from ((each.when, None) for each in policies.segments.segments.values())


def _pieces(expression: str) -> Iterator[tuple[frozenset[str] | None, str | None]]:
    """Yield (fields of the contact, the part as text) of each part that `&&`, `||` and `!` join.

    The text is None where more than one field decides, or anything else does; the fields, where nobody can tell.
    """
    try:
        tree = parse(expression)
    except NotCel:
        return  # it is false for everybody
    for part in _joined(tree):
        read = list(paths_read(part))
        of_contact = [keys for keys in read if keys[0] == "contact"]
        if any(len(keys) != 2 for keys in of_contact):
            yield None, None
            return
        alone = len(set(read)) == 1 and not any(
            isinstance(node, Call) and node.function in FUNCTIONS for node in every(part)
        )
        fields = frozenset(keys[1] for keys in of_contact)
        if fields:
            yield fields, expression[part.start : part.end] if alone else None


def _joined(node: Node) -> Iterator[Node]:
    match node:
        case Chain(operands=operands, operators=("&&" | "||", *_)):
            yield from chain.from_iterable(map(_joined, operands))
        case Not(operand=operand):
            yield from _joined(operand)
        case _:
            yield node


def _changes(program: Program) -> list[Change]:
    return [need for step in program.steps.values() if isinstance(need := step.need(), Change)]


def _written(changes: list[Change]) -> frozenset[str]:
    """Return the fields that are set or copied into, or whose lists change.

    What was there before decides what is there then; and with a new country the phone may begin to tell the clock.
    """
    found = {field for change in changes for field in (*change.set, *change.copied)}
    return frozenset(found | ({"tags"} if any(each.tags_on or each.tags_off for each in changes) else set()))


def _sums(program: Program, changes: list[Change]) -> dict[str, tuple[int, ...]]:
    """Return what may have been added to each number, for those where that is little enough to tell."""
    if any(step.loop() is not None for step in program.steps.values()):
        return {}
    amounts: dict[str, list[int]] = {}
    for change in changes:
        for field, amount in change.add.items():
            amounts.setdefault(field, []).append(amount)
    few = {field: each for field, each in amounts.items() if 2 ** len(each) <= MOST_SUMS}
    return {field: tuple(sorted({sum(some) for some in _some_of(each)})) for field, each in few.items()}


def _some_of(amounts: list[int]) -> Iterator[tuple[int, ...]]:
    for count in range(1, len(amounts) + 1):
        yield from combinations(amounts, count)
