"""What people inside a sequence still go by: calendars, senders, topics, teams and segments that a policy file lost.

A run never sees a half-edited file, but it reads the policies of the moment. A name that its program uses and that is
gone would break its next step; so the file that lost it is not published until the last of them is through.
"""

from collections.abc import Iterable, Iterator, Mapping

from domain.policies import Policies
from domain.policy_files import POLICIES
from domain.program import Program
from domain.tree import Problem

FILES = {
    "calendar": "calendars",
    "sender": "messaging",
    "topic": "messaging",
    "team": "teams",
    "segment": "segments",
}
"""The policy file that declares a name of this sort."""


def still_named(policies: Policies, before: Policies, inside: Iterable[Program]) -> Iterator[Problem]:
    """Yield every name that a program with people inside uses, that `before` had, and that `policies` lack."""
    now, once = _names(policies), _names(before)
    for program in sorted(inside, key=lambda each: each.sequence):
        for sort, name in sorted(set(_used(program, before))):
            if name in once[sort] and name not in now[sort]:
                path = f"{POLICIES}{FILES[sort]}.yaml"
                what = f"{sort} '{name}' is gone, and people inside {program.sequence} go by it"
                yield Problem(path, 1, f"{what}; put it back until they are through, or end their runs")


def _names(policies: Policies) -> Mapping[str, frozenset[str]]:
    return {
        "calendar": frozenset(policies.calendars.calendars),
        "sender": frozenset(policies.messaging.senders),
        "topic": frozenset(policies.messaging.topics),
        "team": frozenset(policies.teams.teams),
        "segment": frozenset(policies.segments.segments),
    }


def _used(program: Program, policies: Policies) -> Iterator[tuple[str, str]]:
    counted_on = program.calendar or policies.calendars.default
    for sort, name in (("calendar", program.window), ("topic", program.topic)):
        if name is not None and name != "none":
            yield sort, name
    for step in program.steps.values():
        for refers in step.refers():
            if refers.to == "business calendar":
                yield from [("calendar", counted_on)] if counted_on is not None else []
            elif refers.to in FILES:
                yield refers.to, refers.name
