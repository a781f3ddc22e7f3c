"""Which events can change who is in a segment.

An event leaves the record as it is, so a condition is another one behind it only if it asks for that event, or for a
topic that the event says something about. What time alone changes, rounds see (`records/rounds.py`).
"""

from collections.abc import Mapping
from functools import lru_cache

from domain.cel_parser import parse
from domain.cel_syntax import Call, Constant, every
from domain.cel_tokens import NotCel
from domain.events import SAYS_OF_TOPICS
from domain.policies import Segment

# What changes the answer of `topic`.
_OF_TOPICS = frozenset({*SAYS_OF_TOPICS, "complained"})


def may_change(segments: Mapping[str, Segment], event: str) -> bool:
    """Return whether somebody may join or leave one of these segments because this happened.

    >>> may_change({"buyers": Segment(when="did('purchased', 30)")}, "purchased")
    True
    >>> may_change({"buyers": Segment(when="did('purchased', 30)")}, "opened")
    False
    """
    return any(_asks_for(segment.when, event) for segment in segments.values())


@lru_cache(maxsize=10_000)
def _asks_for(condition: str, event: str) -> bool:
    try:
        nodes = list(every(parse(condition)))
    except NotCel:
        return True
    if any(isinstance(node, Constant) and node.value == event for node in nodes):
        return True
    asks_for_topics = any(isinstance(node, Call) and node.function == "topic" for node in nodes)
    return asks_for_topics and event in _OF_TOPICS
