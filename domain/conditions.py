"""Conditions: `when`, `where` and `until`, written in CEL.

A condition is never an error. What is missing or does not fit makes the whole of it false where it decides, under `!`
and `!=` too, and the judgement says which value that was.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, JsonValue

from domain.cel_asked import Answer, Asked
from domain.cel_check import check
from domain.cel_parser import parse
from domain.cel_plan import plan
from domain.cel_syntax import Call, every
from domain.cel_tokens import NotCel
from domain.cel_values import Unfit, as_json, cut, told
from domain.vocabulary import FUNCTIONS, History, Names, standard_functions

__all__ = [
    "FUNCTIONS",
    "History",
    "Judgement",
    "Names",
    "changes_with_time",
    "check",
    "functions_used",
    "is_true",
    "judge",
    "paths",
    "standard_functions",
]

# A segment's own condition may count days.
WITH_TIME = frozenset({"days_since", "did", "count", "in_segment"})
_MOST_NAMED = 6
_MOST_QUOTED = 200


class Judgement(BaseModel):
    """What a condition came to, on what values, in words."""

    model_config = ConfigDict(frozen=True)

    true: bool
    read: dict[str, JsonValue]
    why: str


def judge(source: str, names: Mapping[str, object], functions: Mapping[str, Callable[..., object]]) -> Judgement:
    """Judge a condition on the facts of this moment.

    `names` holds the records: contact, run, event, matched, calls, outcome, now; a key that is absent or None is
    missing. Dates and datetimes without a zone are read on the clock of `now`. `read` has every path of the condition
    with its value, None where there is none, and every function that was asked with its result.

    Data never makes it raise. A function may: TypeError, ValueError, ArithmeticError and LookupError say that it cannot
    answer for these arguments, anything else (a database that is away) is passed on.

    >>> judge("contact.score >= 60", {"contact": {"score": 12}}, {}).why
    'contact.score >= 60 is false: contact.score is 12'
    >>> judge("!(contact.vip == 'yes')", {"contact": {"vip": None}}, {}).why
    "!(contact.vip == 'yes') is false: contact.vip is missing"
    """
    planned = plan(source)
    if planned.problem is not None:
        return Judgement(true=False, read={}, why=f"{cut(source, _MOST_QUOTED)} is false: {planned.problem}")
    asked = _asked(names, functions)
    answer = planned.root.ask(asked)
    read = {".".join(keys): as_json(asked.find(keys)) for keys in planned.paths}
    read.update((label, as_json(value)) for label, value in asked.answers.items())
    return Judgement.model_construct(true=answer.value is True, read=read, why=_why(source, answer))


def is_true(source: str, names: Mapping[str, object], functions: Mapping[str, Callable[..., object]]) -> bool:
    """Tell what `judge` would find, without the reasons.

    >>> is_true("contact.score >= 60", {"contact": {"score": 60}}, {})
    True
    """
    planned = plan(source)
    return planned.problem is None and planned.root.ask(_asked(names, functions)).value is True


def _asked(names: Mapping[str, object], functions: Mapping[str, Callable[..., object]]) -> Asked:
    now = names.get("now")
    clock = now.tzinfo if isinstance(now, datetime) and now.tzinfo is not None else UTC
    return Asked(names, functions, clock)


def paths(source: str) -> list[str]:
    """Return the dotted paths a condition reads, in the order of the text; [] where it cannot be read.

    >>> paths("contact.tags.exists(tag, tag == run.event.plan)")
    ['contact.tags', 'run.event.plan']
    """
    return [".".join(keys) for keys in plan(source).paths]


def functions_used(source: str) -> list[str]:
    """Return the names of the functions a condition calls, in the order of the text; [] where it cannot be read.

    >>> functions_used("opened('hello') || size(contact.tags) > 2")
    ['opened', 'size']
    """
    try:
        tree = parse(source)
    except NotCel:
        return []
    return list(dict.fromkeys(node.function for node in every(tree) if isinstance(node, Call)))


def changes_with_time(source: str) -> bool:
    """Whether a condition can become true by time alone: it reads the clock, or counts days.

    >>> changes_with_time("days_since(contact.created_at) > 3"), changes_with_time("contact.score > 3")
    (True, False)
    """
    return "now" in paths(source) or bool(WITH_TIME.intersection(functions_used(source)))


def _why(source: str, answer: Answer) -> str:
    verdict = f"{cut(source, _MOST_QUOTED)} is {'true' if answer.value is True else 'false'}"
    named = dict.fromkeys(f"{label} {told(value)}" for label, value in answer.because)
    reasons = ", ".join(list(named)[:_MOST_NAMED])
    if len(named) > _MOST_NAMED:
        reasons += f" and {len(named) - _MOST_NAMED} more"
    flaw = _flaw(answer)
    return ": ".join(part for part in (verdict, "; ".join(part for part in (reasons, flaw) if part)) if part)


def _flaw(answer: Answer) -> str:
    """Return what is wrong with the answer itself, where no value it rests on says so already."""
    if isinstance(answer.value, bool) or any(isinstance(value, Unfit) for _, value in answer.because):
        return ""
    return answer.value.why if isinstance(answer.value, Unfit) else "that is neither true nor false"
