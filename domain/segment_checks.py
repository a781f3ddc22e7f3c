"""What is wrong with the conditions of policies/segments.yaml.

A segment is asked of a contact, whatever sequence that contact is in: it knows the contact, what they did and now, and
neither a run nor its steps. Segments may ask for each other, but not in a circle.
"""

from collections.abc import Iterator, Mapping

from domain.cel_parser import parse
from domain.cel_syntax import Call, Constant, every
from domain.cel_tokens import NotCel
from domain.conditions import Names, check, paths
from domain.policies import Policies, Segment

OF_A_RUN = ("run", "matched", "calls", "outcome")


def segment_problems(policies: Policies) -> Iterator[tuple[str, str]]:
    """Yield the name of each segment whose condition is wrong, and "what; what to do"."""
    segments = policies.segments.segments
    names = Names(
        contact_fields=policies.contact_fields(),
        events=frozenset(policies.event_fields()),
        segments=frozenset(segments),
        topics=frozenset(policies.messaging.topics),
        any_event_fields=True,
    )
    for name, segment in segments.items():
        for path in paths(segment.when):
            if path.partition(".")[0] in OF_A_RUN:
                yield name, f"a segment knows no run, so there is no {path}; ask the contact, or what they did"
        yield from ((name, what) for what in check(segment.when, names))
        if name in _asked_in_turn(segments, name):
            yield name, f"segment '{name}' asks for itself, directly or by another; write its condition without that"


def _asked_in_turn(segments: Mapping[str, Segment], name: str) -> set[str]:
    """Return every segment that is asked when this one is."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        asked = _asked_in(segments[waiting.pop()].when) & segments.keys() - found
        found |= asked
        waiting += asked
    return found


def _asked_in(condition: str) -> set[str]:
    try:
        calls = [node for node in every(parse(condition)) if isinstance(node, Call) and node.function == "in_segment"]
    except NotCel:
        return set()
    first = (call.arguments[0] for call in calls if call.arguments)
    return {each.value for each in first if isinstance(each, Constant) and isinstance(each.value, str)}
